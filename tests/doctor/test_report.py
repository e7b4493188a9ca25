"""The report as text and as JSON."""

from __future__ import annotations

import json

import pytest

from darknet_py.doctor.report import document, last_line, text_of
from darknet_py.doctor.section import Examined, Section

HOME = "/home/alice"
SECTIONS = [
    Section(
        "memory",
        "Memory",
        Examined({"total_bytes": 3 << 30, "free_bytes": 5 << 20, "limit_bytes": None}),
    ),
    Section(
        "speed",
        "Speed",
        Examined(
            {
                "path": f"{HOME}/x",
                "speed": {
                    "ms_per_image": 28.123,
                    "gflop_per_s": 190.06,
                    "share_of_matmul": 0.934,
                    "loss": 913.8542,
                },
                "engines": {"torch": {"cpu": ["fp32", "bf16"]}, "other": "needs x"},
                "cards": [
                    {"device": "cuda:0", "right": True},
                    {"device": "cuda:1", "right": False},
                ],
                "none": [],
                "DISPLAY": False,
                "seconds": 2.04,
            },
            ("a is broken; install it", f"{HOME}/y is missing"),
            ("b is slow",),
        ),
    ),
]


@pytest.fixture(autouse=True)
def _alice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", HOME)


def test_the_text() -> None:
    memory, speed = map(text_of, SECTIONS)
    assert memory.splitlines() == ["Memory", "  total: 3.0 GiB", "  free: 5.0 MiB", "  limit: none"]
    assert speed.splitlines() == [
        "Speed",
        "  path: ~/x",
        "  speed: ms per image 28.12, gflop per s 190.1, share of matmul 93 %, loss 913.8542",
        "  engines torch: cpu fp32 bf16",
        "  engines other: needs x",
        "  cards: device cuda:0, right yes; device cuda:1, right no",
        "  none: none",
        "  DISPLAY: no",
        "  seconds: 2.0",
        "  ISSUE: a is broken; install it",
        "  ISSUE: ~/y is missing",
        "  remark: b is slow",
    ]


def test_long_lines_are_wrapped_between_words() -> None:
    words = [f"package-{number}" for number in range(30)]
    lines = text_of(Section("a", "A", Examined({"b": list(words)}))).splitlines()
    assert max(map(len, lines)) <= 100 and [line[:4] for line in lines[2:]] == ["    "] * 3
    assert " ".join(lines).split()[2:] == words


def test_the_document() -> None:
    actual = json.loads(json.dumps(document(SECTIONS)))
    assert list(actual) == ["format", "memory", "speed", "issues", "remarks"]
    assert actual["format"] == 1 and actual["memory"]["free_bytes"] == 5 << 20
    assert actual["speed"]["path"] == "~/x" and actual["speed"]["cards"][1]["right"] is False
    assert actual["issues"] == [
        {"section": "speed", "text": "a is broken; install it"},
        {"section": "speed", "text": "~/y is missing"},
    ]
    assert actual["remarks"] == [{"section": "speed", "text": "b is slow"}]


def test_the_last_line_counts() -> None:
    one = Section("a", "A", Examined({}, ("x",)))
    assert [last_line(each) for each in ([], [one], SECTIONS)] == [
        "0 issues",
        "1 issue",
        "2 issues",
    ]
