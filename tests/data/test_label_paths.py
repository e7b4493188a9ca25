"""Where the label file of an image lies, by the rules of both forks."""

from __future__ import annotations

import pytest

from darknet_py.data.label_paths import label_path
from darknet_py.forks import PJREDDIE


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
