"""Boxes thinned out and made lists of, row by row."""

from __future__ import annotations

import numpy as np
import pytest

from darknet_py.compat.box_lists import (
    do_nms_obj,
    do_nms_sort,
    remove_negatives,
    remove_negatives_faster,
)
from darknet_py.compat.structures import DETECTIONS


def made(boxes: list[list[float]], prob: list[list[float]], objectness: list[float]) -> DETECTIONS:
    values = (np.array(column, np.float32) for column in (boxes, objectness, prob))
    return DETECTIONS(*values, np.zeros(len(boxes), np.int64), (100, 100))


BOXES = [[50, 50, 20, 20], [51, 50, 20, 20], [90, 90, 10, 10]]


def test_suppression_class_by_class_leaves_rows_in_cs_order() -> None:
    rows = made(BOXES, [[0.5, 0], [0.25, 0.75], [0, 0.875]], [0.5, 0.75, 0.875])
    do_nms_sort(rows, 3, 2, 0.45)
    # Sorted by class 0, then by class 1, the highest first.
    assert rows.prob.tolist() == [[0, 0.875], [0, 0.75], [0.5, 0]]
    assert rows.boxes[:, 0].tolist() == [90, 51, 50]
    assert rows.objectness.tolist() == [0.875, 0.75, 0.5]
    assert rows[0].sort_class == 1


def test_suppression_by_objectness_takes_all_classes() -> None:
    rows = made(BOXES, [[0.5, 0], [0.25, 0.75], [0, 0.875]], [0.75, 0.5, 0.25])
    do_nms_obj(rows, 3, 2, 0.45)
    assert rows.prob.tolist() == [[0.5, 0], [0, 0], [0, 0.875]]
    assert rows.objectness.tolist() == [0.75, 0, 0.25] and rows[0].sort_class == -1


def test_suppression_is_plain_iou_of_the_boxes_as_they_are_now() -> None:
    rows = made(BOXES, [[0.5, 0], [0.25, 0], [0, 0.875]], [0.5, 0.25, 0.875])
    do_nms_sort(rows, 2, 2, 19 / 21 + 0.001)
    assert (rows.prob[:, 0] > 0).sum() == 2
    rows[0].bbox.w = 19
    rows[1].bbox.x, rows[1].bbox.w = rows[0].bbox.x, 19
    do_nms_sort(rows, 2, 2, 19 / 21 + 0.001)
    assert (rows.prob[:, 0] > 0).sum() == 1


def test_only_the_first_rows_and_classes_are_looked_at() -> None:
    rows = made(BOXES, [[0.5, 0.25], [0.25, 0.5], [0, 0.875]], [0.5, 0.25, 0.875])
    do_nms_sort(rows, 2, 1, 0.45)
    assert rows.prob.tolist() == [[0.5, 0.25], [0, 0.5], [0, 0.875]]
    names = remove_negatives(rows, ["a"], 2)
    assert names == [("a", 0.5, (50, 50, 20, 20))]


def test_remove_negatives_faster_says_class_0_as_in_c() -> None:
    rows = made(BOXES, [[0.5, 0], [0.25, 0.75], [0, 0.875]], [0.5, 0.75, 0.875])
    answers = [row[:2] for row in remove_negatives_faster(rows, ["a", "b"], 3)]
    assert answers == [("a", 0.5), ("a", 0.25), ("a", 0)]
    rows.best_class[:] = 1, 1, -1  # as [region] says
    answers = [row[:2] for row in remove_negatives_faster(rows, ["a", "b"], 3)]
    assert answers == [("b", 0), ("b", 0.75)]


def test_wrong_arguments() -> None:
    rows = made(BOXES, [[0.5, 0]] * 3, [0.5] * 3)
    with pytest.raises(ValueError, match="num: expected 0 to 3, the number of boxes, got 4"):
        do_nms_sort(rows, 4, 2, 0.45)
    with pytest.raises(TypeError, match="dets: expected what get_network_boxes returned, got list"):
        remove_negatives([], ["a"], 0)  # type: ignore[arg-type]
