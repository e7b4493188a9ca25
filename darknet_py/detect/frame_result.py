"""From the boxes of a frame to its Result. Nothing here needs torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from darknet_py.detect.result import Result
from darknet_py.detect.result_boxes import Boxes
from darknet_py.images.frames import Frame
from darknet_py.images.io import Pixels, with_channels

Floats = NDArray[np.float32]


def frame_result(
    frame: Frame, boxes: Floats, scores: Floats, names: Sequence[str], milliseconds: float
) -> Result:
    """boxes: (K, 4) relative to the image. scores: (K, C), a row for each class above 0.

    The result's `image` is of no pixels where the frame has none. milliseconds: of the network.
    """
    box, class_id = np.nonzero(scores > 0)
    rows = Boxes(boxes[box], scores[box, class_id], class_id, box, *frame.size)
    image = _bgr(frame.pixels)
    return Result(frame.path, image, rows, names, milliseconds, frame.number, frame.time)


def _bgr(pixels: Pixels | None) -> Pixels:
    if pixels is None:
        return np.zeros((0, 0, 3), np.uint8)
    return with_channels(pixels, 3, "bgr")
