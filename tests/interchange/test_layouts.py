"""How a layout is told, and what is said of it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from support.drawn_layouts import LAYOUT_WRITERS, text, write
from support.imported import found

from darknet_py.errors import DataError
from darknet_py.interchange.layouts import LAYOUTS
from darknet_py.interchange.open_tree import folder_tree


@pytest.mark.parametrize("layout", LAYOUT_WRITERS)
def test_each_is_told_from_all_others(layout: str, tmp_path: Path) -> None:
    tree = folder_tree(write(layout, tmp_path))
    assert [name for name, one in LAYOUTS.items() if one.sniff(tree)] == [layout]
    for other in LAYOUTS.keys() - {layout}:
        with pytest.raises(DataError, match=f"has no files of {LAYOUTS[other].name}; leave"):
            found(tmp_path, other)


def test_two_in_one_folder(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write("ultralytics", tmp_path)
    text(tmp_path / "a.xml", "<annotation><filename>a.jpg</filename></annotation>")
    with caplog.at_level(logging.INFO):
        assert len(found(tmp_path).images) == 4
    first, second = (record.getMessage() for record in caplog.records)
    assert "ultralytics data.yaml, as it has data.yaml with names and images" in first
    assert "may also be Pascal VOC XML (--layout voc), as a.xml is an <annotation>" in second
    assert [one.file.base for one in found(tmp_path, "voc").images] == ["a.jpg"]


def test_what_cvat_may_lack(tmp_path: Path) -> None:
    write("cvat", tmp_path)
    (tmp_path / "obj_train_data" / "a.txt").unlink()
    text(
        tmp_path / "train.txt",
        "# images\ndata/obj_train_data/a.jpg\n\ndata/obj_train_data/no.jpg\n",
    )
    made = found(tmp_path)
    assert [len(one.boxes) for one in made.images] == [0, 3]
    assert [line.partition(": ")[0] for line in made.remarks] == [
        "images that are not there left out (--images FOLDER says where they are)",
        "images that no list or annotation names left out",
        "images without a label file count as images without objects",
    ]
    (tmp_path / "obj.names").unlink()
    with pytest.raises(DataError, match=r"obj.data: names data/obj.names, which is not in "):
        found(tmp_path)
    assert found(tmp_path, names=("x", "y", "z")).names == ("x", "y", "z")
    text(tmp_path / "obj.data", "classes=3\ntrain = train.txt\n")
    with pytest.raises(DataError, match="has no names=; give the class names with --names FILE"):
        found(tmp_path)
    text(tmp_path / "obj.data", "classes=3\n")
    with pytest.raises(DataError, match="has no train=, valid= or test=, the lists of images"):
        found(tmp_path)
    text(tmp_path / "b.data", "classes=3\n")
    with pytest.raises(DataError, match=r"has 2 .data files, give one of them: b.data"):
        found(tmp_path)


def test_splits_of_roboflow_with_other_names(tmp_path: Path) -> None:
    write("roboflow", tmp_path)
    text(tmp_path / "valid" / "_darknet.labels", "disc\nring")
    with pytest.raises(DataError, match="has other class names than .*train/_darknet.labels"):
        found(tmp_path)
    assert found(tmp_path, names=("a", "b", "c")).box_count == 6


def test_labels_beside_a_classes_file_of_labelimg(tmp_path: Path) -> None:
    """Its classes.txt lies among the labels."""
    write("label-studio", tmp_path)
    (tmp_path / "notes.json").unlink()
    (tmp_path / "classes.txt").rename(tmp_path / "labels" / "classes.txt")
    made = found(tmp_path)
    assert made.box_count == 6 and made.remarks == ()
    (tmp_path / "labels" / "train" / "b.txt").unlink()
    made = found(tmp_path)
    assert [one.file.base for one in made.images] == ["a.jpg", "empty one.jpg", "b.png", "c.jpg"]
    assert made.remarks[0].startswith("images without a label file count as images without")
