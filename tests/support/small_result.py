"""A result of two boxes with several classes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from darknet_py.detect.result import Result
from darknet_py.detect.result_boxes import Boxes

NAMES = ["cat", 'dog "big"', "dont_show"]


def result(path: str = "a/dog.jpg") -> Result:
    """Two boxes: the right one is a dog and a cat, the left one a cat and something hidden."""
    boxes = Boxes(
        np.array(
            [
                [0.75, 0.5, 0.25, 0.5],
                [0.75, 0.5, 0.25, 0.5],
                [0.1, 0.2, 0.3, 0.1],
                [0.1, 0.2, 0.3, 0.1],
            ],
            np.float32,
        ),
        np.array([0.4, 0.906, 0.5, 0.99], np.float32),
        np.array([0, 1, 0, 2]),
        np.array([0, 0, 1, 1]),
        width=200,
        height=100,
    )
    return Result(path, np.full((100, 200, 3), 128, np.uint8), boxes, NAMES, 12.3)


def tracked() -> Result:
    """The same as a frame whose left box has no number yet for one of its classes."""
    one = result()
    return replace(one, boxes=replace(one.boxes, track_id=np.array([7, 7, 0, 2])))
