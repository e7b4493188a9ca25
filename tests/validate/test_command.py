"""Data sets checked as the command line does it: rules, report, page."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from darknet_py.errors import Location, Notice, OutputError
from darknet_py.network.check import CheckResult
from darknet_py.options.datasets import CheckOptions
from darknet_py.validate.command import DataCheckResult, check_data_sets

CFG = """[net]
width=64
height=32
channels=3
[conv]
filters={filters}
[{kind}]
classes={classes}
num=1
{more}
"""
TINY_AT_64 = "0 .5 .5 .015 .5\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("a.png", np.zeros((9, 9, 3), np.uint8))
    Path("a.txt").write_text("0 .5 .5 .2 .2\n1 .5 .5 .2 .2\n" + TINY_AT_64)
    Path("t.list").write_text("a.png\n")
    Path("a.data").write_text("classes=2\ntrain=t.list\n")
    return tmp_path


def cfg(kind: str = "yolo", classes: int = 2, more: str = "", filters: int | None = None) -> str:
    text = CFG.format(kind=kind, classes=classes, more=more, filters=filters or classes + 5)
    Path("n.cfg").write_text(text)
    return "n.cfg"


def run(network: str | None = None, options: CheckOptions | None = None) -> DataCheckResult:
    return check_data_sets([("a.data", network)], CheckResult(()), options or CheckOptions())


def counts(result: DataCheckResult) -> dict[str, int]:
    issues = result.reports[0].issues
    return {kind: count for kind, count in issues.counts.items() if count}


def test_without_a_cfg_the_data_file_has_the_classes(home: Path) -> None:
    result = run()
    assert (counts(result), result.errors, result.warnings) == ({}, 0, 0)
    Path("a.data").write_text("classes=1\ntrain=t.list\n")
    assert counts(run()) == {"class-range": 1}


def test_a_cfg_gives_size_classes_and_most_labels(home: Path) -> None:
    rules = run(cfg()).reports[0].rules
    assert (rules.classes, rules.width, rules.height, rules.most_labels) == (2, 64, 32, 200)
    assert counts(run(cfg())) == {"tiny": 1}
    assert counts(run(cfg(more="max=2"))) == {"tiny": 1, "overfull": 1}
    assert counts(run(cfg(), CheckOptions(width=128))) == {}


@pytest.mark.parametrize(
    ("kind", "fork", "most"),
    [("yolo", "pjreddie", 90), ("region", "pjreddie", 30), ("region", "alexeyab", 200)],
)
def test_each_fork_has_its_own_most(home: Path, kind: str, fork: str, most: int) -> None:
    rules = run(cfg(kind), CheckOptions(fork=fork)).reports[0].rules
    assert (rules.most_labels, rules.fork.name) == (most, fork)


def test_classes_that_differ_are_an_error(home: Path) -> None:
    result = run(cfg(classes=3))
    assert counts(result) == {"other-classes": 1, "tiny": 1, "no-example": 1}
    (issue,) = result.reports[0].issues.kept["other-classes"]
    assert str(issue) == "a.data: classes: read 2, but the network has 3"


def test_a_broken_cfg_is_left_aside(home: Path) -> None:
    for network in (cfg(filters=3), "gone.cfg"):
        assert run(network).reports[0].rules.width == 0


def test_totals_join_the_light_check(home: Path) -> None:
    notices = (
        Notice("error", Location("a.data"), "bad"),
        Notice("warning", Location("a.data"), "odd"),
    )
    result = check_data_sets([("a.data", cfg())], CheckResult(notices), CheckOptions(strict=False))
    assert (result.errors, result.warnings) == (1, 2)
    assert result.text().startswith("error: a.data: bad\nwarning: a.data: odd\n\na.data: 2 classes")
    assert result.text().endswith("\n\n1 error, 2 warnings")
    strict = check_data_sets([("a.data", cfg())], CheckResult(()), CheckOptions(strict=True))
    assert (strict.errors, strict.warnings) == (1, 0)
    assert "\nerror: boxes too small" in strict.text()


def test_quick_leaves_images_undecoded(home: Path) -> None:
    data = Path("a.png").read_bytes()
    Path("a.png").write_bytes(data[:43] + bytes(9) + data[52:])
    assert counts(run()) == {"unreadable-image": 1}
    assert counts(run(options=CheckOptions(quick=True))) == {}


def test_a_report_has_all_issues(home: Path) -> None:
    Path("a.txt").write_text("".join(f"{number} .5 .5 .2 .2\n" for number in range(2, 12)))
    result = run(options=CheckOptions(report="r.txt", findings=1))
    assert result.text().count("expected 0 to 1") == 1
    assert Path("r.txt").read_text().count("expected 0 to 1") == 10
    assert Path("r.txt").read_text().endswith("\n10 errors, 0 warnings\n")
    run(options=CheckOptions(report="r.JSON"))
    values = json.loads(Path("r.JSON").read_text())
    assert (values["ok"], values["errors"], values["warnings"], values["notices"]) == (
        False,
        10,
        0,
        [],
    )
    assert values["data"][0]["findings"]["class-range"]["count"] == 10


def test_a_page_is_drawn(home: Path) -> None:
    Path("a.txt").write_text("7 .5 .5 .2 .2\n")
    run(options=CheckOptions(page="p.png"))
    page = cv2.imread("p.png")
    assert page is not None
    assert page.shape[1] > 300


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (CheckOptions(report="r.pdf"), "r.pdf: unknown suffix '.pdf', known are .txt, .json"),
        (CheckOptions(page="p"), "p: unknown suffix '', known are .jpg"),
        (CheckOptions(page="gone/p.png"), "gone/p.png: cannot be written: there is no folder gone"),
    ],
)
def test_what_cannot_be_written_is_said_first(
    home: Path, options: CheckOptions, message: str
) -> None:
    Path("t.list").unlink()
    with pytest.raises(OutputError, match=message):
        run(options=options)


def test_names_that_are_no_text_can_be_printed(home: Path) -> None:
    Path("t.list").write_bytes(b"caf\xe9.png\n")
    result = run(options=CheckOptions(report="r.txt"))
    assert "caf\\udce9.png" in result.text()
    assert "caf\\udce9.png" in Path("r.txt").read_text()
    assert result.text().encode()
