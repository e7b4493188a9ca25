"""A whole data set: counts, and what is wrong between its images."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest

from darknet_py.cfg.datafile import read_data_file
from darknet_py.validate.dataset_report import DatasetReport, inspect_dataset
from darknet_py.validate.inspection import Inspection, LabelRules
from darknet_py.validate.issues import Issues


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(
    home: Path, train: dict[str, str | None], valid: dict[str, str | None] | None = None
) -> Path:
    """A data set of images with label texts (None: no file), and perhaps without a valid list."""
    for name, images in (("train", train), ("valid", valid)):
        if images is None:
            continue
        for image, text in images.items():
            cv2.imwrite(image, np.zeros((4, 4, 3), np.uint8))
            if text is not None:
                Path(image).with_suffix(".txt").write_text(text)
        (home / f"{name}.list").write_text("".join(f"{image}\n" for image in images))
    (home / "n.names").write_text("cat\ndog\nowl\n")
    data = home / "a.data"
    data.write_text("classes=3\ntrain=train.list\nvalid=valid.list\nnames=n.names\n")
    return data


def run(data: Path, rules: LabelRules | None = None, issues: Issues | None = None) -> DatasetReport:
    return inspect_dataset(
        read_data_file(data), rules or LabelRules(3), issues or Issues(), workers=2
    )


def counts(report: DatasetReport) -> dict[str, int]:
    return {kind: count for kind, count in report.issues.counts.items() if count}


def messages(report: DatasetReport, kind: str) -> list[str]:
    return [str(issue) for issue in report.issues.kept[kind]]


LABELS = "0 .5 .5 .2 .2\n1 .5 .5 .3 .3\n1 .5 .5 .4 .4\n"


def test_counts_of_the_lists(home: Path) -> None:
    train = {"a.png": LABELS, "b.png": "1 .5 .5 .2 .2\n7 .5 .5 .2 .2\n", "c.png": "", "d.png": None}
    data = write(home, train, {"e.png": "2 .5 .5 .2 .2\n"})
    (home / "c.png").write_bytes(b"x")
    report = run(data)
    first, second = report.splits
    assert (first.name, first.path, first.images, first.unreadable) == (
        "train",
        "train.list",
        4,
        1,
    )
    assert first.states == {"labelled": 2, "empty": 1, "missing": 1}
    assert (first.labels, first.boxes) == (5, 4)
    assert first.per_class == {0: 1, 1: 3}
    assert first.images_per_class == {0: 1, 1: 2}
    assert (second.name, second.per_class) == ("valid", {2: 1})
    assert report.classes == [0, 1, 2]
    assert [report.name(number) for number in (0, 2, 3, -1)] == ["cat", "owl", "", ""]
    expected = {"unreadable-image": 1, "class-range": 1, "empty-label-file": 1}
    assert counts(report) == expected | {"no-label-file": 1, "no-example": 1}
    assert messages(report, "no-example") == ["train.list: class 2 owl"]


def test_many_images_come_in_order(home: Path) -> None:
    names = [f"{number:03d}.png" for number in range(50)]
    data = write(home, dict.fromkeys(names, "0 .5 .5 .2 .2\n"), {})
    seen: list[str] = []

    def follow(items: Iterable[Inspection], total: int, label: str) -> Iterable[Inspection]:
        assert (total, label) == (50, "train")
        for item in items:
            seen.append(item.image)
            yield item

    inspect_dataset(read_data_file(data), LabelRules(3), Issues(), workers=3, follow=follow)
    assert seen == names


def test_names_give_the_number_of_classes_where_nothing_else_does(home: Path) -> None:
    report = run(write(home, {"a.png": "3 .5 .5 .2 .2\n"}), LabelRules())
    assert report.rules.classes == 3
    assert report.issues.counts["class-range"] == 1


def test_between_the_images(home: Path) -> None:
    full = "0 .5 .5 .2 .2\n1 .5 .5 .2 .2\n2 .5 .5 .2 .2\n"
    data = write(home, {"a.png": full, "b.png": full}, {"c.png": full})
    cv2.imwrite("a.bmp", np.zeros((4, 4, 3), np.uint8))
    (home / "train.list").write_text("a.png\nb.png\na.bmp\nb.png\nb.png\n")
    (home / "valid.list").write_text(f"c.png\n{home}/b.png\n")
    report = run(data)
    assert counts(report) == {"shared-label": 1, "listed-twice": 1, "overlap": 1}
    assert messages(report, "shared-label") == ["train.list: a.txt of a.png and a.bmp"]
    assert messages(report, "listed-twice") == ["train.list: b.png: 3 times"]
    assert messages(report, "overlap") == [f"valid.list: {home}/b.png is in train.list, too"]


def test_one_list_for_both_is_looked_through_once(home: Path) -> None:
    data = write(home, {"a.png": "x\n0 .5 .5 .2 .2\n"})
    data.write_text("train=./train.list\nvalid=train.list\nnames=n.names\n")
    report = run(data)
    assert [split.name for split in report.splits] == ["train", "valid"]
    assert report.splits[0].images == report.splits[1].images == 1
    assert report.issues.counts["unparsed"] == 1
    assert messages(report, "overlap") == ["train.list: train= and valid= name the same list"]


def test_no_label_at_all(home: Path) -> None:
    report = run(write(home, {"a.png": "", "b.png": None}))
    assert messages(report, "no-label") == ["train.list: none of the 2 images of train has a label"]
    assert report.issues.counts["no-example"] == 0
    Path("labels").mkdir()
    Path("labels/b.txt").write_text(LABELS)
    assert counts(run(home / "a.data")) == {"label-elsewhere": 1, "empty-label-file": 1}


def test_corner_form_is_guessed_from_many_boxes(home: Path) -> None:
    lines = [f"{number % 3} .1 .1 .{number} .5\n" for number in range(20, 40)]
    data = write(home, {"a.png": "".join(lines)})
    assert "w > x and h > y in all 20 labels" in messages(run(data), "corners")[0]
    (home / "a.txt").write_text("".join(lines[:-1]))
    assert run(data).issues.counts["corners"] == 0
    (home / "a.txt").write_text("".join(lines) + "0 .5 .5 .2 .2\n")
    assert run(data).issues.counts["corners"] == 0


def test_a_list_that_is_none(home: Path) -> None:
    data = write(home, {"a.png": LABELS}, {"b.png": LABELS})
    (home / "valid.list").write_bytes(b"a\0b\0")
    report = run(data)
    assert [split.name for split in report.splits] == ["train"]
    (message,) = messages(report, "unusable-list")
    assert message.startswith("valid.list: is a binary file")
