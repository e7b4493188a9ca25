"""All rows with all their digits, which the page applies thresholds to."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from support.tiny_detector import files, noise_image

import darknet_py
from darknet_py.detect.result import Result
from darknet_py.detect.result_boxes import Boxes
from darknet_py.serve.rows import refilters, rows_text


def result_of(confidence: list[float], box: list[int], names: list[str]) -> Result:
    count = len(confidence)
    xywhn = np.array([[0.1 * (1 + row), 1 / 3, 0.25, 1e-7] for row in box], np.float32)
    class_id = np.arange(count) % len(names)
    boxes = Boxes(xywhn, np.array(confidence, np.float32), class_id, np.array(box), 30, 20)
    return Result("", np.zeros((20, 30, 3), np.uint8), boxes, names)


def test_every_digit_is_there_and_a_box_of_two_classes_is_one() -> None:
    result = result_of([0.9999999, 0.5, 0.0051], [0, 0, 1], ["a", "b", "c"])
    answer = json.loads(rows_text(result))
    assert (answer["width"], answer["height"]) == (30, 20)
    assert [[index, class_id] for index, class_id, _ in answer["rows"]] == [[0, 0], [0, 1], [1, 2]]
    read = np.array([row[2] for row in answer["rows"]], np.float32)
    assert np.array_equal(read, result.boxes.confidence)
    assert np.array_equal(np.array(answer["boxes"], np.float32), result.boxes.xywhn[[0, 2]])


def test_it_has_the_rows_of_the_json() -> None:
    result = result_of([0.005, 0.9, 0.8], [0, 1, 2], ["a", "dont_show", "c"])
    assert json.loads(rows_text(result))["rows"] == [[0, 2, pytest.approx(0.8)]]
    assert json.loads(rows_text(result.select([]))) == {
        "width": 30, "height": 20, "boxes": [], "rows": [],
    }  # fmt: skip


def test_the_rows_of_a_low_threshold_without_nms_are_those_of_the_detector(tmp_path: Path) -> None:
    detector = darknet_py.load(*files(tmp_path))
    result = detector(noise_image(), 0.02, 0)
    assert isinstance(result, Result)
    answer = json.loads(rows_text(result))
    read = [(answer["boxes"][box], class_id) for box, class_id, _ in answer["rows"]]
    kept = result.boxes.confidence > 0.005
    assert len(read) == kept.sum() > 100
    assert [class_id for _, class_id in read] == result.boxes.class_id[kept].tolist()
    assert np.array_equal(np.array([box for box, _ in read], np.float32), result.boxes.xywhn[kept])


def stand_in(kind: str = "default", tree: bool = False, hier: bool = True) -> Any:
    head = SimpleNamespace(hierarchy="a tree" if tree else None)
    return SimpleNamespace(
        suppression=SimpleNamespace(kind=kind),
        graph=SimpleNamespace(detection_heads=(SimpleNamespace(), head)),
        fork=SimpleNamespace(detect=SimpleNamespace(region_hier_thresh=hier)),
    )


def test_nms_by_objectness_and_a_tree_without_hier_cannot_be_filtered_again(
    tmp_path: Path,
) -> None:
    for kind in ("default", "greedynms", "cornersnms", "diounms"):
        assert refilters(stand_in(kind))
    assert not refilters(stand_in("objectness"))
    assert refilters(stand_in(tree=True)) and not refilters(stand_in(tree=True, hier=False))
    detector = darknet_py.load(*files(tmp_path))
    assert refilters(detector)
    detector.suppression = detector.suppression._replace(kind="objectness")
    assert not refilters(detector)
