"""What is kept of what a layout's reader finds."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.drawn_layouts import put

from darknet_py.errors import DataError
from darknet_py.interchange.file_tree import FolderTree
from darknet_py.interchange.labelled_set import LabelledBox, split_named
from darknet_py.interchange.left_out import REASONS, LeftOut
from darknet_py.interchange.open_tree import folder_tree
from darknet_py.interchange.set_builder import (
    POLYGON,
    ROTATED,
    FoundObject,
    ImportRules,
    SetBuilder,
    around,
    plain_name,
)

NAN, INF = float("nan"), float("inf")


@pytest.fixture
def tree(tmp_path: Path) -> FolderTree:
    put(tmp_path / "train")
    put(tmp_path / "valid", "a.jpg")
    (tmp_path / "train" / "bad.jpg").write_text("no image")
    return folder_tree(tmp_path)


def builder(tree: FolderTree, **rules: bool) -> SetBuilder:
    return SetBuilder(tree, ImportRules(**rules), left_out=LeftOut())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("corners", "reason", "kept"),
    [
        ((0.25, 0.25, 0.75, 0.5), None, (0.5, 0.375, 0.5, 0.25)),
        ((-0.5, 0.0, 0.5, 1.0), "cut", (0.25, 0.5, 0.5, 1.0)),
        ((-0.0005, 0.0, 0.5, 1.0), None, (0.25, 0.5, 0.5, 1.0)),
        ((-INF, -INF, INF, INF), "not-finite", None),
        ((0.1, NAN, 0.2, 0.3), "not-finite", None),
        ((0.1, 0.1, 0.1, 0.3), "no-size", None),
        ((0.3, 0.1, 0.1, 0.3), "no-size", None),
        ((1.0, 0.1, 1.5, 0.3), "outside", None),
        ((0.1, -3.0, 0.2, -1.0), "outside", None),
    ],
)
def test_which_boxes_are_labels(
    tree: FolderTree,
    corners: tuple[float, float, float, float],
    reason: str | None,
    kept: tuple[float, ...] | None,
) -> None:
    made = builder(tree)
    image = made.image("train/a.jpg")
    assert image is not None
    made.add(image, "train", [FoundObject(1, corners)])
    (first,) = made.finish(["x", "y"]).images
    assert first.boxes == (() if kept is None else (LabelledBox(1, *kept),))
    assert set(made.left_out.counts) - {"unlisted"} == ({reason} if reason else set())


@pytest.mark.parametrize(
    ("found", "reason", "rule"),
    [
        (FoundObject(0, (0.1, 0.1, 0.2, 0.2), POLYGON), "polygon", "polygons"),
        (FoundObject(0, (0.1, 0.1, 0.2, 0.2), ROTATED), "rotated", "polygons"),
        (FoundObject(0, (0.1, 0.1, 0.2, 0.2), difficult=True), "difficult", "difficult"),
    ],
)
def test_what_is_taken_only_when_asked(
    tree: FolderTree, found: FoundObject, reason: str, rule: str
) -> None:
    for asked in (False, True):
        made = builder(tree, **{rule: asked})
        image = made.image("train/a.jpg")
        assert image is not None
        made.add(image, "train", [found])
        assert made.finish(["x"]).box_count == asked
        assert (reason in made.left_out.counts) != asked


def test_classes_without_a_name(tree: FolderTree) -> None:
    made = builder(tree)
    image = made.image("train/a.jpg")
    assert image is not None
    box = (0.1, 0.1, 0.2, 0.2)
    made.add(image, "train", [FoundObject(label, box) for label in (0, 1, 2, -1)])
    found = made.finish(["x", "y"])
    assert [one.class_id for one in found.images[0].boxes] == [0, 1]
    assert made.left_out.counts["class"] == 2
    assert any("objects of a class that has no name left out: 2, the first: '2' of" in line
               for line in found.remarks)  # fmt: skip


def test_names_that_were_met_are_sorted(tree: FolderTree) -> None:
    made = builder(tree)
    image = made.image("train/a.jpg")
    assert image is not None
    box = (0.1, 0.1, 0.2, 0.2)
    made.add(image, "train", [FoundObject(label, box) for label in ("z\n1", "a", "a")])
    found = made.finish()
    assert found.names == ("a", "z 1")
    assert [one.class_id for one in found.images[0].boxes] == [1, 0, 0]


def test_an_image_twice_counts_once(tree: FolderTree) -> None:
    made = builder(tree)
    image = made.image("train/a.jpg")
    assert image is not None
    made.add(image, "valid", [])
    made.add(image, "train", [FoundObject(0, (0.1, 0.1, 0.2, 0.2))])
    found = made.finish(["x"])
    assert [(one.split, one.boxes) for one in found.images] == [("valid", ())]
    assert made.left_out.counts == {"twice": 1, "unlisted": 5}


def test_which_image_is_meant(tree: FolderTree) -> None:
    made = builder(tree)
    assert str(made.image("C:\\set\\valid\\A.jpg")).endswith("valid/a.jpg")
    assert str(made.image("a.jpg", "train")).endswith("train/a.jpg")
    assert str(made.image("b", any_suffix=True)).endswith("train/b.png")
    assert made.left_out.counts == {}
    assert made.image("a.jpg") is None and made.image("no.jpg") is None and made.image("") is None
    assert made.left_out.counts == {"ambiguous-image": 1, "missing-image": 2}


def test_sizes_of_files(tree: FolderTree) -> None:
    made = builder(tree)
    good, bad = made.image("b.png"), made.image("bad.jpg")
    assert good is not None and bad is not None
    assert (made.size_of(good), made.size_of(bad)) == ((96, 64), None)
    assert made.left_out.counts == {"unreadable-image": 1}


def test_no_image_is_an_error(tree: FolderTree) -> None:
    made = builder(tree)
    made.image("no.jpg")
    with pytest.raises(DataError, match=r"no image of the data set is left; images that are not"):
        made.finish(["x"])


def test_lines_are_in_order_and_printable() -> None:
    left_out = LeftOut()
    for reason in ("twice", "polygon", "twice"):
        left_out.add(reason, "a\nb\udcff" + "c" * 200)
    first, second = left_out.lines()
    assert first == f"{REASONS['polygon']}: 1, the first: a?b\\udcff{'c' * 111}..."
    assert second.startswith("images listed twice; the first time counts: 2, the first: ")


def test_small_things() -> None:
    assert split_named(["x", "Val", "labels"]) == "valid"
    assert split_named([], "") == ""
    assert plain_name(" a\0b\tc ") == "a b c" and plain_name(" \n") == "unnamed"
    assert around([(1, 5), (3, 2), (2, 9)]) == (1, 2, 3, 9)
    assert all(value != value for value in around([(1, 5), (NAN, 2), (2, 9)]))
