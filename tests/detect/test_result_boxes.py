"""Boxes in every form."""

from __future__ import annotations

import numpy as np
import pytest
from support.small_result import result, tracked


def test_boxes_in_every_form() -> None:
    boxes = result().boxes
    np.testing.assert_allclose(boxes.xyxy[0], [125, 25, 175, 75])
    np.testing.assert_allclose(boxes.xywh[2], [20, 20, 60, 10], rtol=1e-6)
    np.testing.assert_allclose(boxes.xyxyn[2], [-0.05, 0.15, 0.25, 0.25], atol=1e-7)
    assert len(boxes) == 4 and len(boxes.select([2, 0])) == 2
    assert boxes.select([2, 0]).class_id.tolist() == [0, 0]


def test_one_table_of_all() -> None:
    plain, with_tracks = result().boxes.data, tracked().boxes.data
    np.testing.assert_allclose(plain[1], [125, 25, 175, 75, 0.906, 1])
    np.testing.assert_allclose(with_tracks[1], [125, 25, 175, 75, 7, 0.906, 1])
    assert plain.shape == (4, 6) and with_tracks.shape == (4, 7) and plain.dtype == np.float32
    assert tracked().boxes.select([]).data.shape == (0, 7)


def test_rows_are_boxes_too() -> None:
    boxes = tracked().boxes
    assert boxes[1].xyxy.tolist() == [[125, 25, 175, 75]] and boxes[1].id == [7]
    assert [one.class_id.tolist() for one in boxes] == [[0], [1], [0], [2]]
    assert boxes[boxes.conf > 0.45].cls.tolist() == [1, 0, 2]
    assert boxes[np.int64(-1)].cls.tolist() == [2] and len(boxes[1:3]) == 2
    with pytest.raises(IndexError):
        boxes[4]
