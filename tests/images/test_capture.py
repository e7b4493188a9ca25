"""What can be asked of whatever takes frames in."""

from __future__ import annotations

import numpy as np
import pytest

from darknet_py.errors import DataError
from darknet_py.images.capture import ROTATIONS, CaptureOptions, believable_fps, rotated
from darknet_py.options.video import ROTATE


def test_rotations_are_those_of_numpy() -> None:
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    turns = {"90_CLOCKWISE": -1, "180": 2, "90_COUNTERCLOCKWISE": 1}
    assert list(ROTATIONS) == list(turns) == list(ROTATE)
    for name, turn in turns.items():
        assert (rotated(image, name) == np.rot90(image, turn)).all()
        grey = rotated(np.ascontiguousarray(image[..., :1]), name)
        assert (grey == np.rot90(image, turn)[..., :1]).all()


def test_another_rotation_is_refused() -> None:
    with pytest.raises(DataError, match="no rotation is named '45'; give 90_CLOCKWISE, 180"):
        CaptureOptions(rotate="45")


def test_what_is_asked_of_a_camera_in_words() -> None:
    assert CaptureOptions(rotate="180").asked == ""
    assert (
        CaptureOptions(width=640, height=480, fps=12.5).asked == "width 640, height 480, fps 12.5"
    )


def test_speeds_that_can_be() -> None:
    values = [0.0, -1.0, float("nan"), float("inf"), 1001.0, 12.5, 1000.0]
    assert [believable_fps(value) for value in values] == [None] * 5 + [12.5, 1000.0]
