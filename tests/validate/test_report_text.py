"""A report, as text and as values."""

from __future__ import annotations

import pytest

from darknet_py.errors import Location
from darknet_py.validate.dataset_report import DatasetReport, SplitCounts
from darknet_py.validate.inspection import LabelRules
from darknet_py.validate.issues import KINDS, Issue, Issues
from darknet_py.validate.report_text import text, values


@pytest.fixture
def report() -> DatasetReport:
    train = SplitCounts("train", "t.list", images=12, unreadable=1, labels=31, boxes=30)
    train.states.update({"labelled": 10, "missing": 2})
    train.per_class.update({0: 29, 1: 1})
    train.images_per_class.update({0: 9, 1: 1})
    issues = Issues(most=5)
    issues.add(Issue("tiny", Location("a.txt", line), f"box {line}", "a.jpg") for line in range(9))
    issues.add([Issue("tiny", Location("b.txt", 7), "box of b", "b.jpg")])
    issues.add([Issue("no-label", Location("t.list"), "none")])
    return DatasetReport("x.data", LabelRules(2, 416, 320), ("cat", "dog"), (train,), issues)


def test_tables(report: DatasetReport) -> None:
    first, facts, classes, *_ = text(report, 2).split("\n\n")
    assert first == "x.data: 2 classes, network input 416 x 320, label files by alexeyab's rule"
    assert facts.splitlines() == [
        "                    train",
        "images                 12",
        "  cannot be read        1",
        "  with labels          10",
        "  empty label file      0",
        "  no label file         2",
        "labels                 31",
        "  trained on           30",
    ]
    assert classes.splitlines() == [
        "class  train boxes  train images",
        "0 cat           29             9",
        "1 dog            1             1",
    ]


def test_issues_errors_first(report: DatasetReport) -> None:
    *_, error, warning = text(report, 2).split("\n\n")
    assert error.splitlines() == [
        f"error: no image has a label: 1; {KINDS['no-label'].cure}",
        "  t.list: none",
    ]
    assert warning.splitlines() == [
        f"warning: boxes too small to be trained on: 10; {KINDS['tiny'].cure}",
        "  a.txt: box 0",
        "  a.txt:1: box 1",
        "  ... and 8 more",
    ]


def test_examples_come_from_different_files() -> None:
    issues = Issues()
    locations = [("a", 1), ("a", 2), ("a", 3), ("b", 1), ("c", 1)]
    issues.add(Issue("tiny", Location(path, line), "") for path, line in locations)
    report = DatasetReport("x", LabelRules(), (), (), issues)
    shown = text(report, 3).split("\n\n")[-1].splitlines()
    assert shown[1:] == ["  a:1", "  b:1", "  c:1", "  ... and 2 more"]
    shown = text(report, 4).split("\n\n")[-1].splitlines()
    assert shown[1:] == ["  a:1", "  a:2", "  b:1", "  c:1", "  ... and 1 more"]
    assert text(report, 0).split("\n\n")[-1].splitlines()[1:] == ["  ... and 5 more"]


def test_everything_that_was_kept(report: DatasetReport) -> None:
    lines = text(report, None).split("\n\n")[-1].splitlines()
    assert (len(lines), lines[-1]) == (7, "  ... and 5 more")


def test_many_classes(report: DatasetReport) -> None:
    wide = DatasetReport("x.data", LabelRules(300), (), report.splits, Issues())
    lines = text(wide, 1).splitlines()
    assert lines[-2:] == [
        "99               0             0",
        "... and 200 more classes; a report has them all",
    ]
    assert text(wide, None, None).splitlines()[-1].split() == ["299", "0", "0"]


def test_values(report: DatasetReport) -> None:
    result = values(report)
    assert result["lists"] == {
        "train": {
            "file": "t.list",
            "images": 12,
            "unreadable": 1,
            "labelled": 10,
            "empty": 0,
            "missing": 2,
            "labels": 31,
            "boxes": 30,
        }
    }
    assert result["per_class"][1] == {
        "class": 1,
        "name": "dog",
        "train": {"boxes": 1, "images": 1},
    }
    assert list(result["findings"]) == ["no-label", "tiny"]
    tiny = result["findings"]["tiny"]
    assert (tiny["level"], tiny["count"], len(tiny["first"])) == ("warning", 10, 5)
    assert tiny["first"][1] == {
        "file": "a.txt",
        "line": 1,
        "message": "box 1",
        "image": "a.jpg",
    }
