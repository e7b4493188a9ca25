"""The C structures' fields: what is read and written is one memory."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

from darknet_py.compat.structures import BOX, DETECTIONS, IMAGE
from darknet_py.errors import DarknetError


def detections() -> DETECTIONS:
    boxes = np.array([[1, 2, 3, 4], [5, 6, 7, 8]], np.float32)
    prob = np.array([[0.25, 0], [0, 0.5]], np.float32)
    return DETECTIONS(boxes, np.array([0.5, 0.75], np.float32), prob, np.array([0, 1]), (64, 32))


def test_a_detection_reads_as_the_structure() -> None:
    one = detections()[1]
    assert (one.bbox.x, one.bbox.y, one.bbox.w, one.bbox.h) == (5, 6, 7, 8)
    assert (one.prob[0], one.prob[1], one.prob[:2]) == (0, 0.5, [0, 0.5])
    assert (one.objectness, one.classes, one.best_class_idx, one.sort_class) == (0.75, 2, 1, 0)
    assert (one.mask, one.uc, one.embeddings) == (None, None, None)
    assert (one.points, one.embedding_size, one.track_id, one.sim) == (0, 0, 0, 0.0)


def test_what_is_written_is_in_the_row() -> None:
    rows = detections()
    rows[0].bbox.w = 9
    rows[0].prob[1] = 0.125
    rows[0].objectness = 0.0
    rows[0].best_class_idx = 1
    rows[1].bbox = BOX(1, 1, 2, 2)
    assert rows.boxes.tolist() == [[1, 2, 9, 4], [1, 1, 2, 2]]
    assert rows.prob[0].tolist() == [0.25, 0.125]
    assert rows.objectness.tolist() == [0, 0.75] and rows.best_class.tolist() == [1, 1]


def test_rows_end_where_they_end() -> None:
    rows = detections()
    assert [one.objectness for one in rows] == [0.5, 0.75] and len(rows) == 2
    with pytest.raises(IndexError, match="detection 2 of 2"):
        rows[2]
    with pytest.raises(IndexError, match="detection -1 of 2"):
        rows[-1]
    rows.free()
    assert len(rows) == 0 and rows.prob.shape == (0, 2)


def test_reordering_moves_all_columns_of_the_first_rows() -> None:
    rows = detections()
    rows.reorder(np.array([1, 0]))
    assert rows.boxes[:, 0].tolist() == [5, 1] and rows.objectness.tolist() == [0.75, 0.5]
    assert rows.prob.tolist() == [[0, 0.5], [0.25, 0]] and rows.best_class.tolist() == [1, 0]
    rows.reorder(np.array([0]))
    assert rows.boxes[:, 0].tolist() == [5, 1]


def test_an_image_over_a_pointer() -> None:
    array = np.arange(12, dtype=np.float32)
    image = IMAGE(2, 2, 3, array.ctypes.data_as(ctypes.POINTER(ctypes.c_float)))
    assert image.chw()[1].tolist() == [[4, 5], [6, 7]] and image.data[7] == 7
    assert repr(image) == "IMAGE(2, 2, 3)"


def test_an_image_is_filled_later() -> None:
    image = IMAGE()
    image.w, image.h, image.c = 2, 1, 1
    with pytest.raises(DarknetError, match=r"IMAGE\(2, 1, 1\) has no pixels; it has been freed"):
        image.chw()
    image.data = (ctypes.c_float * 2)(0.5, 1)
    assert image.chw().tolist() == [[[0.5, 1]]]


def test_an_image_with_too_few_numbers() -> None:
    with pytest.raises(DarknetError, match=r"IMAGE\(2, 2, 3\) holds 11 numbers, 12 are needed"):
        IMAGE(2, 2, 3, np.zeros(11, np.float32)).chw()


def test_sizes_are_whole_numbers() -> None:
    with pytest.raises(TypeError, match="h: expected a whole number, got float"):
        IMAGE(2, 2.5, 3)  # type: ignore[arg-type]
