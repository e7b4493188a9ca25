"""Two runs compared: boxes of result files, metrics of `map`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from darknet_py.errors import DataError
from darknet_py.evaluate.compare import (
    Comparison,
    DetectionDifference,
    Tolerance,
    compare,
    compare_boxes,
    metric_lines,
)
from darknet_py.evaluate.formats.reading import BoxTable, read_results

Box = tuple[str, float, float, float, float, float]


def detect_file(path: Path, images: dict[str, list[Box]]) -> BoxTable:
    """AlexeyAB's JSON of `detect` with these boxes (name, score, x, y, w, h)."""
    sides = ("center_x", "center_y", "width", "height")
    entries = [
        {
            "frame_id": number,
            "filename": name,
            "objects": [
                {"class_id": 0, "name": box[0], "confidence": box[1]}
                | {"relative_coordinates": dict(zip(sides, box[2:], strict=True))}
                for box in boxes
            ],
        }
        for number, (name, boxes) in enumerate(images.items(), 1)
    ]
    path.write_text(json.dumps(entries))
    table = read_results(path)
    assert isinstance(table, BoxTable)
    return table


DOG = ("dog", 0.9, 0.3, 0.3, 0.2, 0.2)
CAT = ("cat", 0.8, 0.7, 0.7, 0.2, 0.2)


def compared(folder: Path, a: dict[str, list[Box]], b: dict[str, list[Box]]) -> Comparison:
    first, second = detect_file(folder / "a.json", a), detect_file(folder / "b.json", b)
    return compare_boxes(first, second, Tolerance())


def test_the_same_run_has_no_differences(tmp_path: Path) -> None:
    result = compared(tmp_path, {"1": [DOG, CAT], "2": []}, {"2": [], "1": [CAT, DOG]})
    assert result == Comparison((2, 2), (2, 0, 0), 2, 0.0, pytest.approx(1), ())
    assert list(result.lines(5)) == [
        "2 images in both runs, 0 only in A, 0 only in B",
        "2 boxes in A, 2 in B: 2 the same",
        "of boxes in both: scores differ by at most 0.000000, IoU is at least 1.000000",
    ]


def test_boxes_that_are_moved_renamed_or_alone(tmp_path: Path) -> None:
    moved = ("dog", 0.9, 0.31, 0.3, 0.2, 0.2)
    fainter = ("cat", 0.7, 0.7, 0.7, 0.2, 0.2)
    wolf = ("wolf", 0.6, 0.3, 0.31, 0.2, 0.2)
    a = {"1": [DOG, CAT], "2": [DOG], "3": [DOG], "5": [CAT]}
    b = {"1": [moved, fainter], "2": [wolf], "3": [], "4": [CAT], "5": [CAT]}
    result = compared(tmp_path, a, b)
    assert (result.boxes, result.images, result.same) == ((5, 5), (4, 0, 1), 1)
    assert result.score == pytest.approx(0.1)
    assert result.iou == pytest.approx(0.19 / 0.21)
    kinds = {(one.image, one.kind, *one.name) for one in result.differences}
    assert kinds == {
        ("1", "moved", "dog", "dog"),
        ("1", "moved", "cat", "cat"),
        ("2", "renamed", "dog", "wolf"),
        ("3", "only in A", "dog", ""),
        ("4", "only in B", "", "cat"),
    }
    lines = list(result.lines(2))
    assert lines[0] == "4 images in both runs, 0 only in A, 1 only in B"
    assert lines[1].endswith("1 the same, 2 moved, 1 only in A, 1 only in B, 1 renamed")
    assert lines[3] == "differences by class: dog 3, cat 2"
    assert lines[4].startswith("differences by image: 1 2, ")
    assert lines[-1] == "and 3 more; --show 5 shows all" and len(lines) == 8


def test_a_difference_in_words() -> None:
    pair = DetectionDifference("a.jpg", "moved", ("dog", "dog"), (0.5, 0.25), 0.75)
    assert str(pair) == "a.jpg: moved dog 0.5000 -> dog 0.2500, IoU 0.7500"
    alone = DetectionDifference("a.jpg", "only in B", ("", "cat"), (0.0, 0.25), 0.0)
    assert str(alone) == "a.jpg: cat 0.2500 only in B"


def test_tolerances_are_used(tmp_path: Path) -> None:
    a = detect_file(tmp_path / "a.json", {"1": [DOG]})
    b = detect_file(tmp_path / "b.json", {"1": [("dog", 0.88, 0.305, 0.3, 0.2, 0.2)]})
    assert compare_boxes(a, b, Tolerance(0.03, 0.9)).differences == ()
    for tolerance in (Tolerance(0.01, 0.9), Tolerance(0.03, 0.97)):
        assert [one.kind for one in compare_boxes(a, b, tolerance).differences] == ["moved"]


def test_boxes_in_other_units_cannot_be_compared(tmp_path: Path) -> None:
    detect = detect_file(tmp_path / "d.json", {"1": [DOG]})
    (tmp_path / "c.json").write_text(
        '[{"image_id": 7, "category_id": 18, "bbox": [10, 20, 30, 40], "score": 0.5}]'
    )
    coco = read_results(tmp_path / "c.json")
    with pytest.raises(DataError, match="boxes in shares of the image cannot be compared with"):
        compare(detect, coco, Tolerance(), 5)


def metrics(**changes: Any) -> dict[str, Any]:
    classes = [{"name": "dog", "ap": 0.5}, {"name": "cat", "ap": 0.25}, {"name": "cow", "ap": 0.1}]
    return {"mAP": 0.4, "computed_with": {"nms": 0.45}, "classes": classes, "TP": 3} | changes


def test_metrics_of_map() -> None:
    changed = [{"name": "dog", "ap": 0.4}, {"name": "cat", "ap": 0.75}, {"name": "cow", "ap": 0.1}]
    other = metrics(mAP=0.41, TP=4, computed_with={"nms": 0.6, "fork": "x"}, classes=changed)
    assert list(metric_lines(metrics(), other, 5)) == [
        "computed with nms: 0.45 -> 0.6",
        "computed with fork: None -> x",
        "mAP: 0.4000 -> 0.4100",
        "TP: 3 -> 4",
        "2 of 3 classes have another AP",
        "cat: AP 0.2500 -> 0.7500 (+0.5000)",
        "dog: AP 0.5000 -> 0.4000 (-0.1000)",
    ]
    fewer = list(metric_lines(metrics(), metrics(classes=changed[:2]), 1))
    assert fewer[0] == "class cow only in A" and fewer[-1].startswith("cat") and len(fewer) == 3
    assert list(metric_lines(metrics(), metrics(), 5)) == ["0 of 3 classes have another AP"]


def test_boxes_and_metrics_cannot_be_compared(tmp_path: Path) -> None:
    table = detect_file(tmp_path / "a.json", {"1": []})
    with pytest.raises(DataError, match="one run has boxes, the other the metrics of map"):
        compare(table, metrics(), Tolerance(), 5)
