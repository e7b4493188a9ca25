"""Label Studio's tasks: rotated boxes, several annotators, other shapes."""

from __future__ import annotations

import json
from math import cos, radians, sin
from pathlib import Path
from typing import Any

import pytest
from support.drawn_layouts import HEIGHT, WIDTH, put, text
from support.imported import found

SIZE = {"original_width": WIDTH, "original_height": HEIGHT}
VALUE = {"x": 25, "y": 25, "width": 50, "height": 25, "rotation": 0, "rectanglelabels": ["cat"]}
RIGHT = [("cat", 0.5, 0.375, 0.5, 0.25)]


def result(**value: Any) -> dict[str, Any]:
    return {"type": "rectanglelabels", **SIZE, "value": VALUE | value}


def boxes(folder: Path, tasks: list[Any], **rules: bool) -> tuple[list[Any], str]:
    put(folder, "a.jpg")
    text(folder / "p.json", json.dumps([*tasks, {"rectanglelabels": "a mark"}]))
    made = found(folder, **rules)
    rows = [
        (made.names[one.class_id], *(round(v, 6) for v in one[1:])) for one in made.images[0].boxes
    ]
    return rows, made.remarks[0]


NO_TASK = "lines or entries that are no labels left out: 1, the first: "


@pytest.mark.parametrize(
    "path",
    [
        "a.jpg",
        "/data/upload/3/a.jpg",
        "https://host/some/a.jpg?X-Token=b.png",
        "/data/local-files/?d=my%20folder/a.jpg",
        "s3://bucket/a.jpg",
    ],
)
def test_what_images_are_called(path: str, tmp_path: Path) -> None:
    task = {"data": {"text": "no image", "image": path}, "annotations": [{"result": [result()]}]}
    assert boxes(tmp_path, [task])[0] == RIGHT


def task(*results: Any) -> dict[str, Any]:
    return {"data": {"image": "a.jpg"}, "annotations": [{"result": list(results)}]}


@pytest.mark.parametrize(
    ("results", "rows", "remark"),
    [
        ([result()], RIGHT, NO_TASK),
        ([result(rotation=360)], RIGHT, NO_TASK),
        ([result(rotation=30)], [], "rotated boxes left out (--polygons takes"),
        ([result(x="1")], [], "objects that are no box and no polygon left out: 1"),
        ([result(rectanglelabels=[])], [], "objects that are no box and no polygon left out: 1"),
        ([result(rotation=float("inf"))], [], "objects that are no box and no polygon left out"),
        ([{"type": "brushlabels", "value": {}}], [], "objects that are no box and no polygon"),
        ([{"type": "choices", "value": {"choices": ["x"]}}, result()], RIGHT, NO_TASK),
        (["x", 5, None], [], NO_TASK),
    ],
)
def test_what_results_become(
    results: list[Any], rows: list[Any], remark: str, tmp_path: Path
) -> None:
    actual, first = boxes(tmp_path, [task(*results)])
    assert actual == rows and first.startswith(remark)


def test_boxes_around_rotated_ones_and_polygons(tmp_path: Path) -> None:
    """Clockwise in pixels about the left upper corner."""
    actual, _ = boxes(tmp_path, [task(result(rotation=30))], polygons=True)
    left, top, width, height = 0.25 * WIDTH, 0.25 * HEIGHT, 0.5 * WIDTH, 0.25 * HEIGHT
    down, right = sin(radians(30)), cos(radians(30))
    xs = [left, left + width * right, left + width * right - height * down, left - height * down]
    ys = [top, top + width * down, top + width * down + height * right, top + height * right]
    low, high = (min(xs) / WIDTH, min(ys) / HEIGHT), (max(xs) / WIDTH, max(ys) / HEIGHT)
    centre = [(one + other) / 2 for one, other in zip(low, high, strict=True)]
    size = [other - one for one, other in zip(low, high, strict=True)]
    assert actual == [("cat", *(round(value, 6) for value in (*centre, *size)))]
    points = {"points": [[10, 10], [30, 10], [30, 40]], "polygonlabels": ["dog"]}
    actual, _ = boxes(tmp_path, [task({"value": points})], polygons=True)
    assert actual == [("dog", 0.2, 0.25, 0.2, 0.3)]


def test_the_first_annotation_that_counts(tmp_path: Path) -> None:
    annotations = [
        {"was_cancelled": True, "result": [result(rectanglelabels=["no"])]},
        {"result": [result()]},
        {"result": [result(rectanglelabels=["later"])]},
    ]
    actual, remark = boxes(tmp_path, [{"data": {"i": "a.jpg"}, "annotations": annotations}])
    assert actual == RIGHT
    assert remark.startswith("annotations of an image that has one already left out: 1, the first")


def test_the_short_form(tmp_path: Path) -> None:
    """JSON-MIN: no annotations, the values of each control at the task."""
    short = {"id": 1, "image": "/data/upload/a.jpg", "label": [VALUE | SIZE], "annotator": 1}
    assert boxes(tmp_path, [short])[0] == RIGHT
