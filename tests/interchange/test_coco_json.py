"""COCO's JSON with all that may be wrong in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.drawn_layouts import HEIGHT, WIDTH, put, text, write
from support.imported import found

from darknet_py.errors import DataError

IMAGE = {"id": 1, "file_name": "a.jpg", "width": WIDTH, "height": HEIGHT}
CLASSES = [{"id": 5, "name": "x"}, {"id": 2, "name": "y"}]


def written(folder: Path, **values: Any) -> Path:
    put(folder / "photos")
    content = {"images": [IMAGE], "annotations": [], "categories": CLASSES} | values
    text(folder / "a.json", json.dumps(content))
    return folder


def boxes(folder: Path, annotation: dict[str, Any], **rules: bool) -> tuple[list[Any], str]:
    """Class and corners in pixels of what is made of an annotation, and why there is none."""
    written(folder, annotations=[{"image_id": 1, "category_id": 2, **annotation}])
    made = found(folder, **rules)
    rows = [
        (one.class_id, round(one.x * WIDTH, 3), round(one.y * HEIGHT, 3), round(one.w * WIDTH, 3),
         round(one.h * HEIGHT, 3))
        for one in made.images[0].boxes
    ]  # fmt: skip
    return rows, made.remarks[0]


UNLISTED = "images that no list or annotation names left out: 3, the first: "


@pytest.mark.parametrize(
    ("annotation", "rows", "remark"),
    [
        ({"bbox": [10, 20, 30, 10]}, [(0, 25, 25, 30, 10)], UNLISTED),
        ({"bbox": [10, 20, 30, 10], "category_id": 5}, [(1, 25, 25, 30, 10)], UNLISTED),
        ({"bbox": [10, 20, 30, 10], "iscrowd": 1}, [], "objects marked as crowd, group or"),
        ({"bbox": [10, 20, 30]}, [], "lines or entries that are no labels left out: 1"),
        ({"bbox": [10, 20, True, 3]}, [], "lines or entries that are no labels left out: 1"),
        ({"bbox": "10 20 30 3"}, [], "lines or entries that are no labels left out: 1"),
        ({}, [], "lines or entries that are no labels left out: 1"),
        ({"bbox": [1, 2, 0, 4]}, [], "boxes without width or height left out: 1"),
        ({"bbox": [1, 2, -3, 4]}, [], "boxes without width or height left out: 1"),
        ({"bbox": [float("nan"), 2, 3, 4]}, [], "boxes with values that are no numbers left"),
        ({"bbox": [10**400, 2, 3, 4]}, [], "boxes with values that are no numbers left"),
        ({"bbox": [200, 2, 3, 4]}, [], "boxes wholly outside of their image left out: 1"),
        ({"bbox": [86, 0, 30, 64]}, [(0, 91, 32, 10, 64)], "boxes that reached beyond their"),
        ({"bbox": [1, 2, 3, 4], "category_id": 9}, [], "objects of a class that has no name"),
        ({"bbox": [1, 2, 3, 4], "category_id": [1]}, [], "objects of a class that has no name"),
        ({"segmentation": [[1, 1, 9, 1, 9, 9]]}, [], "polygons left out (--polygons takes"),
        ({"segmentation": {"counts": "x"}}, [], "lines or entries that are no labels left out"),
        ({"bbox": [1, 2, 3, 4], "image_id": 77}, [], "annotations of images that are not listed"),
        ({"bbox": [1, 2, 3, 4], "image_id": {}}, [], "lines or entries that are no labels left"),
    ],
)
def test_what_annotations_become(
    annotation: dict[str, Any], rows: list[Any], remark: str, tmp_path: Path
) -> None:
    actual, first = boxes(tmp_path, annotation)
    assert actual == rows and first.startswith(remark)


def test_polygons_and_crowds_when_asked(tmp_path: Path) -> None:
    parts = [[1, 1, 9, 1, 9, 9], [20, 30, 21, 31, 20, 32]]
    actual, _ = boxes(tmp_path, {"segmentation": parts}, polygons=True)
    assert actual == [(0, 11, 16.5, 20, 31)]
    actual, _ = boxes(tmp_path, {"bbox": [0, 0, 4, 4], "iscrowd": 1}, difficult=True)
    assert actual == [(0, 2, 2, 4, 4)]


def test_sizes_are_those_of_the_file_where_none_are_said(tmp_path: Path) -> None:
    annotation = {"image_id": 1, "category_id": 2, "bbox": [0, 0, WIDTH // 2, HEIGHT // 2]}
    for size in ({}, {"width": 0, "height": 0}, {"width": "96", "height": None}):
        image = {"id": 1, "file_name": "a.jpg"} | size
        made = found(written(tmp_path, images=[image], annotations=[annotation]))
        assert made.images[0].boxes == ((0, 0.25, 0.25, 0.5, 0.5),)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"images": []}, "no image of the data set is left"),
        ({"images": [{"id": 1}, 5, {"file_name": "a.jpg", "id": []}]}, "no labels left out: 2"),
        ({"images": [IMAGE | {"file_name": "../../etc/passwd"}]}, "images that are not there"),
        ({"images": [IMAGE | {"file_name": "a\0.jpg"}]}, "images that are not there"),
        ({"categories": [{"name": "x"}]}, "categories: expected an id for each, a number of its"),
        ({"categories": [*CLASSES, CLASSES[0]]}, "categories: expected an id for each"),
    ],
)
def test_what_cannot_be_imported(values: dict[str, Any], complaint: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        found(written(tmp_path, **values))
    assert complaint in str(error.value)


def test_text_that_is_no_json(tmp_path: Path) -> None:
    put(tmp_path)
    keys = '{"images" "annotations" "categories"'
    for content in (
        keys,
        f'{keys[:-1]}": {"[" * 100_000}',
        keys.replace('"images"', '"images":1,'),
    ):
        text(tmp_path / "a.json", content)
        with pytest.raises(DataError, match=r"a.json: is no JSON \("):
            found(tmp_path)


def test_files_that_differ_in_their_categories(tmp_path: Path) -> None:
    write("coco", tmp_path)
    path = tmp_path / "annotations" / "instances_val2017.json"
    text(path, path.read_text().replace('"kite"', '"kites"'))
    with pytest.raises(DataError, match="val2017.json: has other categories than the other files"):
        found(tmp_path)
    assert found(path).names == ("disc", "kites", "ring")


def test_splits_by_folder_as_roboflow_writes_them(tmp_path: Path) -> None:
    """The same file name in two folders is no riddle there."""
    for split in ("train", "valid", "test"):
        put(tmp_path / split, "a.jpg")
        values = {"images": [IMAGE], "annotations": [], "categories": CLASSES}
        text(tmp_path / split / "_annotations.coco.json", json.dumps(values))
    made = found(tmp_path)
    assert [(one.split, one.file.name) for one in made.images] == [
        ("train", "train/a.jpg"),
        ("valid", "valid/a.jpg"),
        ("test", "test/a.jpg"),
    ]
