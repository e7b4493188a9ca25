"""How moving images are taken in: what can be told of a video, a camera, a stream or a pipe."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from darknet_py.errors import DataError
from darknet_py.images.io import Pixels

ROTATIONS = {
    "90_CLOCKWISE": cv2.ROTATE_90_CLOCKWISE,
    "180": cv2.ROTATE_180,
    "90_COUNTERCLOCKWISE": cv2.ROTATE_90_COUNTERCLOCKWISE,
}
"""The names of OpenCV's rotations, less ROTATE_."""
MOST_FPS = 1000
"""Beyond it a file tells the steps of its clock, such as 90000, and not its frames."""


@dataclass(frozen=True, kw_only=True)
class CaptureOptions:
    """every_frame: a live source hands out all frames, late ones too, instead of the newest.
    rotate: a key of ROTATIONS, for frames and still images. upright: turned as a video file says
    that it is to be held. width, height: pixels asked of a camera, and those of a pipe of raw
    frames. fps: asked of a camera, and that of a pipe. snapshots: an image in the web is one of a
    camera's, and is asked for again and again. Raises DataError for another rotation.
    """

    every_frame: bool = False
    rotate: str | None = None
    upright: bool = True
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    snapshots: bool = False

    def __post_init__(self) -> None:
        if self.rotate is not None and self.rotate not in ROTATIONS:
            raise DataError(f"no rotation is named {self.rotate!r}; give {', '.join(ROTATIONS)}")

    @property
    def asked(self) -> str:
        """What is asked of a camera, in words; empty if nothing is."""
        values = {"width": self.width, "height": self.height, "fps": self.fps}
        return ", ".join(f"{name} {value:g}" for name, value in values.items() if value is not None)


def rotated(pixels: Pixels, rotate: str) -> Pixels:
    """The image turned by a key of ROTATIONS."""
    turned = np.asarray(cv2.rotate(pixels, ROTATIONS[rotate]), np.uint8)
    return turned.reshape(*turned.shape[:2], -1)


def believable_fps(fps: float) -> float | None:
    """Frames a second as a file or a camera tells them; None for what cannot be."""
    return fps if math.isfinite(fps) and 0 < fps <= MOST_FPS else None
