"""A whole training under `--log-style darknet`: its lines in C's order, and readable by parsers."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.small_detector import small_options

from darknet_py.options.model import default_log_style, log_style_set
from darknet_py.train.command import run

Printed = Callable[..., str]


@pytest.fixture
def printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Printed:
    """Trains and returns both streams as one, as of `2>&1 | tee train.log`."""

    def train(**choices: Any) -> str:
        stream = io.StringIO()
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setattr(sys, "stderr", stream)
        run(small_options(tmp_path, log_style="darknet", **choices))
        return stream.getvalue()

    return train


EVENTS = {
    r"Resizing, random_coef = 1\.40 \n\n 64 x 64 \n": "resizing",
    r"Loaded: \d\.\d{6} seconds": "loaded",
    r"Region 3 Avg": "head",
    r" total_bbox = ": "boxes",
    r"\n \(next mAP calculation at 100 iterations\) ": "next",
    r"\033\[H\033\[J": "title",
    r"\n \d+: \d+\.\d{6}, ": "update",
    r"Resizing to initial size: 32 x 32 \n calculation mAP": "table",
    r" mean_average_precision \(mAP@0\.50\) = \d\.\d{6} \n": "map",
    r"New best mAP!": "best",
    r"Saving weights to \S+_([a-z0-9]+)\.weights\n": "",
    r" EMA ([a-z]+)": "",
    r" ema_update\(\)": "averaged",
    r"If you want to train": "hint",
}
"""What is looked for, and its word; none: the group's."""


def events(text: str) -> list[str]:
    pattern = re.compile("|".join(f"(?P<e{n}>{key})" for n, key in enumerate(EVENTS)))
    words = list(EVENTS.values())
    found = []
    for match in pattern.finditer(text):
        number = int(str(match.lastgroup)[1:]) if match.lastgroup else 0
        group = next((value for value in match.groups()[::-1] if value and value != match[0]), "")
        found.append(words[number] or group)
    return found


def test_the_order_is_that_of_the_c_program(printed: Printed, tmp_path: Path) -> None:
    text = printed(
        max_batches=2,
        head="random=1\n",
        net="ema_alpha=.9\n",
        data="saveweights=2\nsavelast=2\n",
        evaluates=True,
    )
    passes = ["head", "boxes"] * 2
    shown = ["next", "title", "update"]
    # The averages start at half of max_batches; LAST updates before the end, here none, they end.
    assert events(text) == [
        *("resizing", "loaded", *passes, "initialization", *shown),
        *("loaded", *passes, *shown),
        *("table", "map", "best", "best", "2", "last", "ema", "weights", "final", "hint"),
    ]
    files = {path.name for path in (tmp_path / "backup").glob("*.weights")}
    assert files == {f"small_{word}.weights" for word in ("best", "2", "last", "ema", "final")}


def test_what_parsers_look_for(printed: Printed) -> None:
    """Expressions of log parsers that people use, AlexeyAB's own first."""
    text = printed(max_batches=3, evaluates=True)
    averages = re.findall(r"([\d].*): .*?, (.*?) avg", text)
    assert [number for number, _ in averages] == ["1", "2", "3"]
    whole = (
        r"(?m)^ (\d+): ([\d.]+), ([\d.]+) avg loss, ([\d.]+) rate, ([\d.]+) seconds, (\d+) images, "
        r"([\d.]+) hours left$"
    )
    rows = re.findall(whole, text)
    assert [row[2] for row in rows] == [average for _, average in averages]
    assert [row[5] for row in rows] == ["8", "16", "24"]
    by_comma = [line.split(",") for line in text.splitlines() if line.strip().endswith("left")]
    assert [int(parts[0].split(":")[0]) for parts in by_comma] == [1, 2, 3]
    assert [parts[1].split()[1:] for parts in by_comma] == [["avg", "loss"]] * 3
    region = r"Region (\d+) Avg \(IOU: ([\d.]+)\), count: (\d+), class_loss = ([\d.]+), iou_loss ="
    assert len(re.findall(region, text)) == 6
    [table] = re.findall(r"mean average precision \(mAP@0\.50\) = ([\d.]+), or", text)
    [again] = re.findall(r"mean_average_precision \(mAP@0\.50?\) = ([0-9]*\.?[0-9]+ ?)", text)
    assert again == f"{table} "
    counts = r"for conf_thresh = 0\.25, TP = (\d+), FP = (\d+), FN = (\d+), average IoU ="
    assert len(re.findall(counts, text)) == 1


@pytest.mark.parametrize(
    ("said", "line"),
    [(None, "-clear \n"), ("plain", "small_final.weights\n"), ("live", "small_final.weights\n")],
)
def test_the_style_decides_how_a_training_ends(
    tmp_path: Path,
    said: str | None,
    line: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DARKNET_PY_LOG_STYLE")
    run(small_options(tmp_path, max_batches=1, log_style=said or "auto"))
    assert capsys.readouterr().out.endswith(line)


def test_stdout_has_darknets_lines_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DARKNET_PY_LOG_STYLE")
    run(small_options(tmp_path, max_batches=1, log_style="auto"))
    out, err = capsys.readouterr()
    assert out.endswith("training command: -clear \n")
    assert "fork alexeyab" in err
    assert "fork alexeyab" not in out
    assert "done" not in out + err


@pytest.mark.parametrize(
    ("said", "live", "other"),
    [("", "auto", "auto"), ("live", "live", "auto"), ("plain", "plain", "plain")],
)
def test_the_environment_chooses(
    said: str, live: str, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only trainings have a live line."""
    monkeypatch.delenv("DARKNET_PY_LOG_STYLE")
    if said:
        monkeypatch.setenv("DARKNET_PY_LOG_STYLE", said)
    assert (log_style_set(), default_log_style()) == (live, other)
