"""Where the label file of an image lies, by the rules of both forks."""

from __future__ import annotations

import pytest

from darknet_py.data.label_paths import label_path, mask_path, number_path, tag_path
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


@pytest.mark.parametrize(
    ("image", "masks"),
    [
        ("/d/images/val2014/1.jpg", "/d/mask/val2014/1.txt"),
        ("VOC/JPEGImages/1.JPG", "VOC/mask/1.txt"),
        ("/d/raw/1.png", "/d/raw/1.txt"),
        ("/d/images/1.bmp\n", "/d/mask/1.bmp.txt"),
    ],
)
def test_where_masks_lie(image: str, masks: str) -> None:
    assert str(mask_path(image)) == masks


@pytest.mark.parametrize(
    ("image", "numbers"),
    [
        ("/d/images/1.jpeg", "/d/labels/1.txt"),
        ("VOC/JPEGImages/1.TIF", "VOC/labels/1.txt"),
        ("/d/raw/1.BMP", "/d/raw/1.txt"),
        ("/d/images/1.webp", "/d/labels/1.webp.txt"),
    ],
)
def test_where_numbers_lie(image: str, numbers: str) -> None:
    assert str(number_path(image)) == numbers


@pytest.mark.parametrize(
    ("image", "tags"),
    [
        ("/d/images/1.jpg", "/d/labels/1.txt"),
        ("/d/images/1.png", "/d/labels/1.txt"),
        ("/d/JPEGImages/1.jpg", "/d/JPEGImages/1.txt"),
        ("/d/1.webp", "/d/1.webp.txt"),
    ],
)
def test_where_tags_lie(image: str, tags: str) -> None:
    assert str(tag_path(image)) == tags
