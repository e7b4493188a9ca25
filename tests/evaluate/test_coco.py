"""pycocotools' metrics of our boxes and of files; files that are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from darknet_py.errors import DataError
from darknet_py.evaluate.accumulator import MatchedDetections
from darknet_py.evaluate.coco import NAMES, coco_metrics, coco_metrics_of_files
from darknet_py.evaluate.eval_pipeline import Entries
from darknet_py.evaluate.ground_truth import GroundTruth
from darknet_py.evaluate.matching import Objects

# Two images; relative boxes of 40 x 40, 200 x 100 and 20 x 20 pixels.
SIZES = np.array([[400, 400], [200, 200]])
BOXES = np.array([[0.5, 0.5, 0.1, 0.1], [0.5, 0.5, 0.5, 0.25], [0.5, 0.5, 0.1, 0.1]], np.float32)
IMAGE = np.array([0, 0, 1])
CLASS = np.array([0, 1, 0])


def matched(rows: list[int], scores: list[float]) -> MatchedDetections:
    """An evaluation whose entries are these rows of BOXES exactly."""
    ground_truth = GroundTruth(Objects(IMAGE, CLASS, BOXES), np.array([0, 2, 3]))
    score = np.array(scores, np.float32)
    entries = Entries(IMAGE[rows], CLASS[rows], score, BOXES[rows])
    return MatchedDetections(
        ("a.jpg", "b.jpg"), SIZES, ground_truth, entries, np.array(rows, np.int64)
    )


def test_all_found_is_1_for_every_size() -> None:
    metrics = coco_metrics(matched([0, 1, 2], [0.9, 0.8, 0.7]), ["x", "y"])
    assert metrics.values == dict.fromkeys(NAMES, pytest.approx(1.0))
    names = "AP AP50 AP75 APs APm APl AR1 AR10 AR100 ARs ARm ARl"
    assert tuple(names.split()) == NAMES, "as files of earlier runs have them"
    assert metrics.text.count("\n") == 12 and "maxDets=100 ] = 1.000" in metrics.text
    assert (metrics.named, metrics.images) == (2, 2)


def test_one_of_two_found_is_one_half_and_sizes_without_labels_have_no_figure() -> None:
    metrics = coco_metrics(matched([0], [0.9]), ["x", "y", "z"])
    assert metrics.values["AP"] == pytest.approx((51 / 101 + 0) / 2)
    assert metrics.values["AR100"] == pytest.approx((0.5 + 0) / 2)
    assert (metrics.values["APs"], metrics.values["APm"], metrics.values["APl"]) == (
        *(pytest.approx(0.0), pytest.approx(1.0)),
        pytest.approx(0.0),
    )
    nothing = coco_metrics(matched([], []), ["x", "y"])
    assert nothing.values["AP"] == 0 and nothing.named == 0


def files(folder: Path, results: Any, **changes: Any) -> tuple[Path, Path]:
    annotations = {
        "images": [{"id": 7}, {"id": 9}],
        "categories": [{"id": 1}, {"id": 3}],
        "annotations": [
            {"image_id": 7, "category_id": 3, "bbox": [10, 10, 50, 50]},
            {"image_id": 9, "category_id": 3, "bbox": [10, 10, 50, 50]},
        ],
        **changes,
    }
    (folder / "a.json").write_text(
        json.dumps({k: v for k, v in annotations.items() if v is not None})
    )
    (folder / "r.json").write_text(json.dumps(results))
    return folder / "a.json", folder / "r.json"


FOUND = {"image_id": 7, "category_id": 3, "bbox": [10, 10, 50, 50], "score": 0.5}


def test_files_in_cocos_form(tmp_path: Path) -> None:
    metrics = coco_metrics_of_files(*files(tmp_path, [FOUND]))
    assert metrics.values["AP"] == pytest.approx(51 / 101)
    assert (metrics.named, metrics.images) == (1, 2)
    named_only = coco_metrics_of_files(*files(tmp_path, [FOUND]), named_only=True)
    assert named_only.values["AP"] == pytest.approx(1.0)
    assert coco_metrics_of_files(*files(tmp_path, [])).values["AP"] == 0


BAD = {
    "no such file": (None, {}, "r.json: cannot be read: No such file"),
    "no list": ({"a": 1}, {}, 'r.json: read {"a": 1}, expected a list, each result an object with'),
    "no results": ([{"a": 1}], {}, "result 1, image_id: read nothing, expected a number or"),
    "three sides": (
        [FOUND | {"bbox": [1, 2, 3]}],
        {},
        "result 1, bbox: read [1, 2, 3], expected left, top, width and height",
    ),
    "nan": (
        [FOUND, FOUND | {"score": float("nan")}],
        {},
        "r.json: result 2, score: read NaN, expected a finite number within 1e+100",
    ),
    "other images": (
        [FOUND, FOUND | {"image_id": 8}],
        {},
        "r.json: result 2, image_id: read 8, which the annotations do not have; are the results",
    ),
    "class numbers": ([FOUND | {"category_id": 2}], {}, "class numbers of 80 classes are not"),
    "no annotations": ([FOUND], {"categories": None}, "a.json: categories: read nothing, expected"),
    # What fuzzing found, each a traceback once.
    "no object": ([FOUND], {"images": [{"id": 7}, -1]}, "image 2: read -1, expected an object"),
    "ids of objects": ([FOUND], {"categories": [{"id": {}}]}, "category 1, id: read {}, expected"),
    "a text of images": ([FOUND], {"images": "x"}, 'a.json: images: read "x", expected a list'),
    "true": ([FOUND], {"annotations": True}, "annotations: read true, expected a list"),
    "annotations of -1": ([FOUND], {"annotations": [-1] * 4}, "annotation 1: read -1, expected"),
    "a label without category": (
        [FOUND],
        {"annotations": [{"image_id": 7, "bbox": [1, 2, 3, 4]}]},
        "annotation 1, category_id: read nothing, expected a number or a text",
    ),
    "an area of four": (
        [FOUND],
        {"annotations": [FOUND | {"area": [-1] * 4}]},
        "annotation 1, area: read [-1, -1, -1, -1], expected a finite number",
    ),
    "a list in a bbox": (
        [FOUND],
        {"annotations": [FOUND | {"bbox": [1, [], 3, 4]}]},
        "annotation 1, bbox: read [1, [], 3, 4], expected left, top, width and height",
    ),
    "a bbox of five": (
        [FOUND],
        {"annotations": [FOUND, FOUND | {"bbox": [1, 2, 10, 12, 2]}]},
        "annotation 2, bbox: read [1, 2, 10, 12, 2], expected left, top, width and height",
    ),
    "a crowd of objects": (
        [FOUND],
        {"annotations": [FOUND | {"iscrowd": {}}]},
        "annotation 1, iscrowd: read {}, expected 0 or 1",
    ),
    "a category of a result": (
        [FOUND, FOUND | {"category_id": {}}],
        {},
        "result 2, category_id: read {}, expected a number or a text",
    ),
    "a huge box": ([FOUND | {"bbox": [0, 0, 1e308, 1e308]}], {}, "result 1, bbox: read [0, 0, 1e+"),
}


@pytest.mark.parametrize("what", BAD)
def test_files_that_are_none(tmp_path: Path, what: str) -> None:
    results, changes, expected = BAD[what]
    annotations, detections = files(tmp_path, results, **changes)
    if results is None:
        detections.unlink()
    with pytest.raises(DataError) as caught:
        coco_metrics_of_files(annotations, detections)
    assert expected in str(caught.value)


def test_what_is_no_json(tmp_path: Path) -> None:
    annotations, results = files(tmp_path, [])
    results.write_text("[{")
    with pytest.raises(DataError, match="r.json: is no JSON"):
        coco_metrics_of_files(annotations, results)
    with pytest.raises(DataError, match="a.json: read .* expected a list"):
        coco_metrics_of_files(annotations, annotations)
    with pytest.raises(DataError, match="r.json: read .*, expected an object with images, cat"):
        results.write_text("[]")
        coco_metrics_of_files(results, annotations)


def test_ids_of_any_kind_stand_for_what_they_name(tmp_path: Path) -> None:
    """Texts and numbers in one file, an annotation of id 0, two of one id, and labels of an image
    that the file has not: as with ids from 1."""
    images = [{"id": "b"}, {"id": 0}, {"id": 10**30}, {"id": 2}]
    labels = [
        FOUND | {"id": 0, "image_id": "b"},
        FOUND | {"id": 0, "image_id": 10**30},
        FOUND | {"image_id": 2},
        FOUND | {"image_id": "gone"},
    ]
    found = [FOUND | {"image_id": "b"}, FOUND | {"image_id": 10**30}, FOUND | {"image_id": 2.0}]
    metrics = coco_metrics_of_files(*files(tmp_path, found, images=images, annotations=labels))
    assert metrics.values["AP"] == pytest.approx(1.0)
    assert (metrics.named, metrics.images) == (3, 4)


def test_an_area_that_is_not_written_is_that_of_the_box(tmp_path: Path) -> None:
    """50 x 50 pixels are medium (32 x 32 to 96 x 96), 4 x 4 small; a written area goes first."""
    small = {"image_id": 7, "category_id": 3, "bbox": [100, 100, 4, 4]}
    labels = [FOUND, small, FOUND | {"image_id": 9, "area": 10_000}]
    metrics = coco_metrics_of_files(*files(tmp_path, [FOUND], annotations=labels))
    recalls = {key: metrics.values[key] for key in ("ARs", "ARm", "ARl")}
    assert recalls == {"ARs": 0, "ARm": pytest.approx(1.0), "ARl": 0}
