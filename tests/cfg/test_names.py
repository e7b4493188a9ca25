"""Which names and label paths belong to a network and an image."""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py.cfg.names import class_names
from darknet_py.data.label_paths import label_path
from darknet_py.errors import DataError
from darknet_py.forks import PJREDDIE


def test_given_names_count_first(tmp_path: Path) -> None:
    (tmp_path / "n.names").write_text("p\nq\n")
    assert class_names(["a", "b"], str(tmp_path / "n.cfg"), 2) == ["a", "b"]
    assert class_names(tmp_path / "n.names", "x.cfg", 2) == ["p", "q"]


def test_then_those_of_the_data_file(tmp_path: Path) -> None:
    (tmp_path / "cfg").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "c.names").write_text("p\nq\n")
    (tmp_path / "cfg" / "c.data").write_text("classes = 2\nnames = data/c.names\n")
    assert class_names(None, "x.cfg", 2, str(tmp_path / "cfg" / "c.data")) == ["p", "q"]
    with pytest.raises(DataError, match="has 2 names, the network has classes=3"):
        class_names(None, "x.cfg", 3, str(tmp_path / "cfg" / "c.data"))


def test_then_a_neighbour_that_fits(tmp_path: Path) -> None:
    (tmp_path / "cfg").mkdir()
    (tmp_path / "data").mkdir()
    cfg = str(tmp_path / "cfg" / "n.cfg")
    (tmp_path / "data" / "two.names").write_text("p\nq\n")
    (tmp_path / "data" / "three.names").write_text("p\nq\nr\n")
    assert class_names(None, cfg, 3) == ["p", "q", "r"]
    assert class_names(None, cfg, 4) == ["0", "1", "2", "3"]
    (tmp_path / "data" / "also.names").write_text("a\nb\nc\n")
    assert class_names(None, cfg, 3) == ["0", "1", "2"], "two files fit: none is taken"
    (tmp_path / "cfg" / "n.names").write_text("u\nv\nw\n")
    assert class_names(None, cfg, 3) == ["u", "v", "w"]


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("/d/images/val2017/1.jpg", "/d/labels/val2017/1.txt"),
        ("/d/images/train2014/1.JPEG", "/d/labels/train2014/1.txt"),
        ("/VOC/JPEGImages/1.png", "/VOC/labels/1.txt"),
        ("C:\\d\\images\\train2017\\1.bmp", "C:\\d\\labels\\train2017\\1.txt"),
        ("/d/images/1.jpg", "/d/images/1.txt"),
        ("a.b.tiff", "a.b.txt"),
        ("/d.jpg/1.webp", "/d.jpg/1.webp.txt"),
    ],
)
def test_label_paths_follow_alexeyabs_rule(image: str, label: str) -> None:
    assert str(label_path(image)) == label


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("/d/images/val2017/1.jpg", "/d/labels/val2017/1.txt"),
        ("/d/images/1.JPEG", "/d/labels/1.txt"),
        ("VOC/JPEGImages/1.png", "VOC/labels/1.txt"),
        ("/d/raw/1.JPG", "/d/labels/1.txt"),
        ("/my_images/images/1.jpg", "/my_labels/images/1.txt"),
        ("/d.jpg/1.jpg", "/d.txt/1.jpg.txt"),
        ("/d/1.jpeg", "/d/1.jpeg.txt"),
        ("/d/1.bmp", "/d/1.bmp.txt"),
    ],
)
def test_label_paths_follow_pjreddies_rule(image: str, label: str) -> None:
    assert str(label_path(image, PJREDDIE)) == label
