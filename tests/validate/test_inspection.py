"""One image and its label file: every kind of finding, and what Darknet would train on."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from darknet_py.forks import ALEXEYAB, PJREDDIE
from darknet_py.validate.inspection import Frame, Inspection, faulty_rows, inspect
from darknet_py.validate.issues import KINDS

FRAME = Frame(classes=3, width=100, height=50, most=4)
GOOD = "1 .5 .5 .2 .2\n"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.zeros((8, 8, 3), np.uint8))
    return path


def look(image: Path, text: str, frame: Frame = FRAME) -> Inspection:
    image.with_suffix(".txt").write_text(text)
    return inspect(str(image), frame)


def kinds(found: Inspection) -> list[tuple[str, int]]:
    return [(finding.kind, finding.location.line) for finding in found.findings]


def test_a_good_image(image: Path) -> None:
    found = look(image, GOOD + "0 .5 .5 1 1\n")
    assert (found.state, found.readable, found.findings) == ("labelled", True, ())
    assert found.trained.tolist() == found.rows.tolist()
    assert found.trained[:, 0].tolist() == [1, 0]


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
    found = look(image, GOOD + line + "\n")
    assert kinds(found) == [(kind, 2)]
    (finding,) = found.findings
    assert message in finding.message
    assert (finding.location.path, finding.image) == (f"{image.parent}/a.txt", str(image))
    assert len(found.trained) == 1 + trained


def test_a_box_that_is_cut_small_is_tiny_and_crosses(image: Path) -> None:
    found = look(image, "1 1.098 .5 .2 .2\n")
    assert kinds(found) == [("crossing", 1), ("tiny", 1)]
    assert len(found.trained) == 0


def test_rounding_at_the_edge_is_no_fault(image: Path) -> None:
    assert look(image, "1 .1 .9 .2005 .2005\n").findings == ()


def test_without_a_network_size_no_box_is_too_small(image: Path) -> None:
    assert look(image, "1 .5 .5 .0001 .0001\n", Frame(3)).findings == ()


def test_pjreddies_darknet_has_its_own_smallest_box() -> None:
    rows = np.array([[1, 0.5, 0.5, 0.0009, 0.2], [1, 0.5, 0.5, 0.0011, 0.2]], np.float32)
    assert faulty_rows(rows, Frame(3))["tiny"].tolist() == [False, False]
    assert faulty_rows(rows, Frame(3, fork=PJREDDIE))["tiny"].tolist() == [True, False]


def test_without_a_number_of_classes_only_negative_ones_are_wrong(image: Path) -> None:
    assert kinds(look(image, "900 .5 .5 .2 .2\n-1 .5 .5 .2 .2\n", Frame())) == [("class-range", 2)]


def test_repeated_lines(image: Path) -> None:
    found = look(image, GOOD + "1 .5 .5 .2 .3\n" + GOOD + "1 0.50 5e-1 .2 .2\n")
    assert kinds(found) == [("duplicate", 3), ("duplicate", 4)]
    assert len(found.trained) == 4


def test_too_many_labels(image: Path) -> None:
    text = "".join(f"1 .5 .5 .2 .{number}\n" for number in range(1, 6))
    (finding,) = look(image, text).findings
    assert (finding.kind, finding.message) == ("overfull", "5 labels, max=4")
    assert look(image, text, Frame(3)).findings == ()


def test_after_a_broken_line_darknet_trains_on_nothing(image: Path) -> None:
    found = look(image, GOOD + "cat .5 .5 .2 .2\n2 .5 .5 .4 .4\n")
    assert kinds(found) == [("class-number", 2)]
    assert found.lines.tolist() == [1, 3]
    assert found.trained[:, 0].tolist() == [1]


def test_no_label_file_and_an_empty_one(image: Path) -> None:
    found = inspect(str(image), FRAME)
    assert (found.state, kinds(found)) == ("missing", [("no-label-file", 0)])
    assert f"looked for {image.parent}/a.txt" in found.findings[0].message
    found = look(image, " \n")
    assert (found.state, kinds(found)) == ("empty", [("empty-label-file", 0)])


def test_a_label_file_that_is_a_folder(image: Path) -> None:
    image.with_suffix(".txt").mkdir()
    found = inspect(str(image), FRAME)
    assert (found.state, kinds(found)) == ("missing", [("unreadable-labels", 0)])


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
    frame = Frame(3, fork=fork)  # type: ignore[arg-type]
    found = inspect(str(tmp_path / name), frame)
    assert (found.state, kinds(found)) == ("missing", [("label-elsewhere", 0)])
    assert found.findings[0].location.path == str(tmp_path / label)
    ends = f"no images that end in {Path(name).suffix}"
    assert (ends in found.findings[0].message) == (not name.endswith("png"))


def test_images_that_cannot_be_read(image: Path) -> None:
    image.with_suffix(".txt").write_text(GOOD)
    whole = image.read_bytes()
    for content, message in (
        (whole[:40], "cut short"),
        (b"<html>", "an HTML page"),
        (b"", "empty"),
    ):
        image.write_bytes(content)
        found = inspect(str(image), FRAME)
        assert (kinds(found), found.readable) == ([("unreadable-image", 0)], False)
        assert message in found.findings[0].message
        assert str(image) not in found.findings[0].message
        assert len(found.trained) == 1
    image.unlink()
    assert kinds(inspect(str(image), FRAME)) == [("missing-image", 0)]


def test_without_decoding_damage_behind_the_header_is_not_looked_for(image: Path) -> None:
    image.with_suffix(".txt").write_text(GOOD)
    image.write_bytes(image.read_bytes()[:40])
    assert inspect(str(image), FRAME, decode=False).readable
    image.write_bytes(b"<html>")
    assert not inspect(str(image), FRAME, decode=False).readable


def test_every_kind_of_row_is_in_the_table() -> None:
    assert set(faulty_rows(np.zeros((0, 5), np.float32), FRAME)) <= set(KINDS)
