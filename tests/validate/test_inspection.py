"""One image and its label file: every kind of issue, and what Darknet would train on."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from darknet_py.forks import ALEXEYAB, PJREDDIE
from darknet_py.validate.inspection import Inspection, LabelRules, inspect_image, issue_masks
from darknet_py.validate.issues import KINDS

RULES = LabelRules(classes=3, width=100, height=50, most_labels=4)
GOOD = "1 .5 .5 .2 .2\n"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.zeros((8, 8, 3), np.uint8))
    return path


def look(image: Path, text: str, rules: LabelRules = RULES) -> Inspection:
    image.with_suffix(".txt").write_text(text)
    return inspect_image(str(image), rules)


def kinds(inspection: Inspection) -> list[tuple[str, int]]:
    return [(issue.kind, issue.location.line) for issue in inspection.issues]


def test_a_good_image(image: Path) -> None:
    inspection = look(image, GOOD + "0 .5 .5 1 1\n")
    assert (inspection.state, inspection.readable, inspection.issues) == ("labelled", True, ())
    assert inspection.trained.tolist() == inspection.rows.tolist()
    assert inspection.trained[:, 0].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("line", "kind", "trained", "message"),
    [
        ("3 .5 .5 .2 .2", "class-range", False, "class 3, expected 0 to 2"),
        ("-1 .5 .5 .2 .2", "class-range", False, "class -1"),
        ("1 nan .5 .2 .2", "not-finite", False, "x=nan"),
        ("1 .5 .5 inf .2", "not-finite", False, "w=inf"),
        ("1 .5 .5 0 .2", "no-size", False, "w=0"),
        ("1 .5 .5 .2 -.2", "no-size", False, "h=-0.2"),
        ("1 1.2 .5 .2 .2", "outside", False, "x=1.2"),
        ("1 .5 -.2 .2 .2", "outside", False, "y=-0.2"),
        ("1 0 0 .2 .2", "outside", False, "x=0 y=0"),
        ("1 345 200 50 60", "outside", False, "are these pixels?"),
        ("1 3e38 .5 3e38 .2", "outside", False, "x=3e+38"),
        ("1 -3e38 3e38 3e38 3e38", "outside", False, "y=3e+38"),
        ("1 .95 .5 .2 .2", "crossing", True, "x=0.95"),
        ("1 .5 .5 .2 1.1", "crossing", True, "h=1.1"),
        ("1 .5 .5 .009 .2", "tiny", False, "0.9 x 10 pixels"),
        ("1 .5 .5 .2 .019", "tiny", False, "20 x 0.95 pixels"),
        ("1 .1 .5 .2 .2 1", "columns", True, "6 numbers"),
    ],
)
def test_each_kind_of_label(image: Path, line: str, kind: str, trained: bool, message: str) -> None:
    inspection = look(image, GOOD + line + "\n")
    assert kinds(inspection) == [(kind, 2)]
    (issue,) = inspection.issues
    assert message in issue.message
    assert (issue.location.path, issue.image) == (f"{image.parent}/a.txt", str(image))
    assert len(inspection.trained) == 1 + trained


def test_a_box_that_is_cut_small_is_tiny_and_crosses(image: Path) -> None:
    inspection = look(image, "1 1.098 .5 .2 .2\n")
    assert kinds(inspection) == [("crossing", 1), ("tiny", 1)]
    assert len(inspection.trained) == 0


def test_rounding_at_the_edge_is_no_fault(image: Path) -> None:
    assert look(image, "1 .1 .9 .2005 .2005\n").issues == ()


def test_without_a_network_size_no_box_is_too_small(image: Path) -> None:
    assert look(image, "1 .5 .5 .0001 .0001\n", LabelRules(3)).issues == ()


def test_pjreddies_darknet_has_its_own_smallest_box() -> None:
    rows = np.array([[1, 0.5, 0.5, 0.0009, 0.2], [1, 0.5, 0.5, 0.0011, 0.2]], np.float32)
    assert issue_masks(rows, LabelRules(3))["tiny"].tolist() == [False, False]
    assert issue_masks(rows, LabelRules(3, fork=PJREDDIE))["tiny"].tolist() == [True, False]


def test_without_a_number_of_classes_only_negative_ones_are_wrong(image: Path) -> None:
    assert kinds(look(image, "900 .5 .5 .2 .2\n-1 .5 .5 .2 .2\n", LabelRules())) == [
        ("class-range", 2)
    ]


def test_repeated_lines(image: Path) -> None:
    inspection = look(image, GOOD + "1 .5 .5 .2 .3\n" + GOOD + "1 0.50 5e-1 .2 .2\n")
    assert kinds(inspection) == [("duplicate", 3), ("duplicate", 4)]
    assert len(inspection.trained) == 4


def test_too_many_labels(image: Path) -> None:
    text = "".join(f"1 .5 .5 .2 .{number}\n" for number in range(1, 6))
    (issue,) = look(image, text).issues
    assert (issue.kind, issue.message) == ("overfull", "5 labels, max=4")
    assert (issue.location.path, issue.image) == (f"{image.parent}/a.txt", str(image))
    assert look(image, "".join(text.splitlines(keepends=True)[:4])).issues == ()
    assert look(image, text, LabelRules(3)).issues == ()


def test_after_a_broken_line_darknet_trains_on_nothing(image: Path) -> None:
    inspection = look(image, GOOD + "cat .5 .5 .2 .2\n2 .5 .5 .4 .4\n")
    assert kinds(inspection) == [("class-number", 2)]
    assert inspection.lines.tolist() == [1, 3]
    assert inspection.trained[:, 0].tolist() == [1]


def test_no_label_file_and_an_empty_one(image: Path) -> None:
    inspection = inspect_image(str(image), RULES)
    assert (inspection.state, kinds(inspection)) == ("missing", [("no-label-file", 0)])
    assert f"looked for {image.parent}/a.txt" in inspection.issues[0].message
    inspection = look(image, " \n")
    assert (inspection.state, kinds(inspection)) == ("empty", [("empty-label-file", 0)])
    (issue,) = inspection.issues
    assert (issue.location.path, issue.image) == (f"{image.parent}/a.txt", str(image))


def test_a_label_file_that_is_a_folder(image: Path) -> None:
    image.with_suffix(".txt").mkdir()
    inspection = inspect_image(str(image), RULES)
    assert (inspection.state, kinds(inspection)) == ("missing", [("unreadable-labels", 0)])


@pytest.mark.parametrize(
    ("name", "label", "fork"),
    [
        ("set/images/a.png", "set/labels/a.txt", ALEXEYAB),
        ("set/images/deep/a.png", "set/labels/deep/a.txt", ALEXEYAB),
        ("set/a.png", "set/labels/a.txt", ALEXEYAB),
        ("set/pics/a.png", "set/labels/a.txt", ALEXEYAB),
        ("set/images/val2017/a.png", "set/images/val2017/a.txt", ALEXEYAB),
        ("set/images/a.png", "set/images/a.txt", PJREDDIE),
        ("set/a.bmp", "set/a.txt", PJREDDIE),
        ("set/a.webp", "set/a.txt", ALEXEYAB),
    ],
)
def test_labels_that_lie_elsewhere(
    tmp_path: Path, image: Path, name: str, label: str, fork: object
) -> None:
    for path in (tmp_path / name, tmp_path / label):
        path.parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_bytes(image.read_bytes())
    (tmp_path / label).write_text(GOOD)
    rules = LabelRules(3, fork=fork)  # type: ignore[arg-type]
    inspection = inspect_image(str(tmp_path / name), rules)
    assert (inspection.state, kinds(inspection)) == ("missing", [("label-elsewhere", 0)])
    assert inspection.issues[0].location.path == str(tmp_path / label)
    ends = f"no images that end in {Path(name).suffix}"
    assert (ends in inspection.issues[0].message) == (not name.endswith("png"))


def test_images_that_cannot_be_read(image: Path) -> None:
    image.with_suffix(".txt").write_text(GOOD)
    whole = image.read_bytes()
    for content, message in (
        (whole[:40], "cut short"),
        (b"<html>", "an HTML page"),
        (b"", "empty"),
    ):
        image.write_bytes(content)
        inspection = inspect_image(str(image), RULES)
        assert (kinds(inspection), inspection.readable) == ([("unreadable-image", 0)], False)
        assert message in inspection.issues[0].message
        assert str(image) not in inspection.issues[0].message
        assert len(inspection.trained) == 1
    image.unlink()
    assert kinds(inspect_image(str(image), RULES)) == [("missing-image", 0)]


def test_without_decoding_damage_behind_the_header_is_not_looked_for(image: Path) -> None:
    image.with_suffix(".txt").write_text(GOOD)
    data = image.read_bytes()
    image.write_bytes(data[:43] + bytes(9) + data[52:])
    assert inspect_image(str(image), RULES, decode=False).readable
    assert not inspect_image(str(image), RULES).readable
    image.write_bytes(b"<html>")
    assert not inspect_image(str(image), RULES, decode=False).readable


def test_every_kind_of_row_is_in_the_table() -> None:
    assert set(issue_masks(np.zeros((0, 5), np.float32), RULES)) <= set(KINDS)


def test_a_line_that_is_a_folder_is_an_issue_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for line in (".", "..", "/", "a/."):
        assert not inspect_image(line, LabelRules(classes=1)).readable
