"""Label files of YOLO's layouts, and where they lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py.errors import DataError
from darknet_py.interchange.file_tree import StoredFile
from darknet_py.interchange.image_finder import FileFinder
from darknet_py.interchange.left_out import LeftOut
from darknet_py.interchange.open_tree import folder_tree
from darknet_py.interchange.set_builder import BOX, POLYGON, ROTATED, ImportRules, SetBuilder
from darknet_py.interchange.yolo_rows import class_names, label_file, rows_of


def stored(folder: Path, name: str, content: str) -> StoredFile:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    (folder / "z").write_text("")
    return StoredFile(folder_tree(folder), name)


def test_what_a_row_can_be(tmp_path: Path) -> None:
    text = """3 .5 .5 .5 .25
    1.0 .5 .5 1 1
    0 .1 .1 .3 .1 .2 .4
    2 .1 .1 .3 .1 .3 .4 .1 .4
    5 .1 .1 .3 .1 .3 .4 .1 .4 .1 .3

    0 .5 .5 .5
    0 .5 .5 .5 .5 .9
    cat .5 .5 .5 .5
    1.5 .5 .5 .5 .5
    nan .5 .5 .5 .5
    0 .5 .5 .5 x
    99999999999999999999 .5 .5 .5 .5"""
    file = stored(tmp_path, "a.txt", text)
    builder = SetBuilder(file.tree, ImportRules(), left_out=LeftOut())
    rows = [(row.label, row.shape, row.corners) for row in rows_of(file, builder)]
    assert rows == [
        (3, BOX, (0.25, 0.375, 0.75, 0.625)),
        (1, BOX, (0.0, 0.0, 1.0, 1.0)),
        (0, POLYGON, (0.1, 0.1, 0.3, 0.4)),
        (2, ROTATED, (0.1, 0.1, 0.3, 0.4)),
        (5, POLYGON, (0.1, 0.1, 0.3, 0.4)),
    ]
    assert builder.left_out.counts == {"bad-row": 7}
    assert builder.left_out.first["bad-row"].endswith("a.txt:6")


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("train/images/a.jpg", "train/labels/a.txt"),
        ("images/train/a.png", "labels/train/a.txt"),
        ("images/images/a.png", "images/labels/a.txt"),
        ("b/a.jpg", "b/a.txt"),
        ("data/obj_train_data/a.jpg", "obj_train_data/a.txt"),
        ("/home/me/set/b/a.jpg", "b/a.txt"),
        ("c/a.jpg", None),
    ],
)
def test_where_labels_are(tmp_path: Path, image: str, label: str | None) -> None:
    """Never those of another folder: a.txt of b is not the label of c/a.jpg."""
    for name in ("train/labels", "labels/train", "images/labels", "b", "obj_train_data"):
        stored(tmp_path, f"{name}/a.txt", "")
    texts = FileFinder([folder_tree(tmp_path)], images=False)
    found = label_file(image, texts)
    assert (found and found.name) == label


def test_names_keep_their_numbers(tmp_path: Path) -> None:
    file = stored(tmp_path, "c.names", " a \r\n\r\nb\r\n\r\n")
    assert class_names(file) == ["a", "", "b"]
    with pytest.raises(DataError, match="c.names: has no names, expected one class name a line"):
        class_names(stored(tmp_path, "c.names", "\n\n"))
