"""OpenCV's reader of videos, cameras and streams: opened without its chatter, and what it tells.

Sets OPENCV_FFMPEG_LOGLEVEL to "quiet" unless the environment has a value: what is wrong with a
video is said by whoever reads it here.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from darknet_py.images.capture import believable_fps
from darknet_py.images.io import Pixels

# FFmpeg's AV_LOG_QUIET; OpenCV reads the variable when it opens its first video.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

import cv2  # noqa: E402


class Capture(Protocol):
    """What is used of cv2.VideoCapture."""

    def grab(self) -> bool:
        """Goes to the next frame and waits for it; False at the end and after a failure."""

    def retrieve(self) -> tuple[bool, npt.NDArray[Any]]:
        """Whether the frame could be decoded, and its pixels (H, W, 3) BGR."""

    def get(self, prop: int, /) -> float:
        """A property by its number; 0 for one that is not known."""

    def release(self) -> None:
        """Closes it."""


Opener = Callable[[], Capture]
"""May raise ImageError."""


def stream_backends() -> list[int]:
    """OpenCV's readers of files and addresses, FFmpeg first.

    Not the one of numbered images, which takes `a%03d.jpg` for a video; V4L2 is for cameras.
    """
    unfit = cv2.CAP_IMAGES, cv2.CAP_V4L2
    there = [one for one in cv2.videoio_registry.getStreamBackends() if one not in unfit]
    return sorted(there, key=lambda one: one != cv2.CAP_FFMPEG)


def opened(
    name: str | int, backends: Sequence[int], parameters: Mapping[int, float] | None = None
) -> cv2.VideoCapture | None:
    """The first reader that opens a file, an address or a camera. parameters: FFmpeg's alone."""
    for backend in backends:
        given = parameters if backend == cv2.CAP_FFMPEG and parameters else {}
        flat = [int(value) for pair in given.items() for value in pair]
        try:
            capture = cv2.VideoCapture(name, backend, flat)
        except (cv2.error, ValueError):  # ValueError: a name that no file can have
            continue
        if capture.isOpened():
            return capture
    return None


def decoded(capture: Capture) -> Pixels | None:
    """The pixels of the frame that was grabbed, uint8 (H, W, 3) BGR; None if it is broken."""
    there, pixels = capture.retrieve()
    if not there or pixels is None or pixels.ndim != 3 or not pixels.size:
        return None
    return np.asarray(pixels, np.uint8)


def told_fps(capture: Capture) -> float | None:
    """Frames a second; None where nobody knows."""
    return believable_fps(capture.get(cv2.CAP_PROP_FPS))


def told_length(capture: Capture) -> int | None:
    """How many frames there should be; None where nobody knows."""
    length = capture.get(cv2.CAP_PROP_FRAME_COUNT)
    return int(length) if math.isfinite(length) and 0 < length < 2**53 else None


def told_size(capture: Capture) -> tuple[int, int]:
    """Width and height in pixels."""
    sides = cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT
    width, height = (int(capture.get(side)) for side in sides)
    return width, height
