"""Results as a network would give them for the frames of a video, and videos read back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from darknet_py.detect.result import Result
from darknet_py.detect.result_boxes import Boxes
from darknet_py.video.output import OutputFrame, bare

NAMES = ["cat", "dog"]
FPS = 10.0


def level(index: int) -> int:
    """The grey of a frame, which tells its index from those of its neighbours."""
    return 20 + index * 37 % 200


def frame_result(index: int, size: tuple[int, int] = (64, 48), fps: float = FPS) -> Result:
    """A grey frame with one dog in it. size: width and height."""
    width, height = size
    boxes = Boxes(
        np.array([[0.5, 0.5, 0.25, 0.125]], np.float32),
        np.array([0.75], np.float32),
        np.array([1]),
        np.array([0]),
        width,
        height,
    )
    image = np.full((height, width, 3), level(index), np.uint8)
    return Result("v.mp4", image, boxes, NAMES, frame=index, time=index / fps)


def frames(count: int, size: tuple[int, int] = (64, 48)) -> Iterator[OutputFrame]:
    """The frames as outputs get them, nothing drawn on them."""
    for index in range(count):
        yield OutputFrame(index + 1, frame_result(index, size), bare)


def levels(path: Path) -> list[int]:
    """The mean greys of a video's frames."""
    capture = cv2.VideoCapture(str(path))
    actual = []
    while True:
        there, pixels = capture.read()
        if not there:
            break
        actual.append(round(float(np.mean(np.asarray(pixels)))))
    capture.release()
    return actual


def holds_frames(path: Path, count: int) -> bool:
    """Whether a video has just the first frames of `frames`, as near as a codec keeps a grey."""
    actual = levels(path)
    return len(actual) == count and all(
        abs(grey - level(index)) < 6 for index, grey in enumerate(actual)
    )
