"""How moving images are taken in: what can be told of a video, a camera, a stream or a pipe."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from darknet_py.images.io import Pixels

ROTATIONS = {
    "90_CLOCKWISE": cv2.ROTATE_90_CLOCKWISE,
    "180": cv2.ROTATE_180,
    "90_COUNTERCLOCKWISE": cv2.ROTATE_90_COUNTERCLOCKWISE,
}
"""The names of OpenCV's rotations, less ROTATE_."""


@dataclass(frozen=True, kw_only=True)
class CaptureOptions:
    """every_frame: a live source hands out all frames, late ones too, instead of the newest.
    rotate: a key of ROTATIONS. upright: turned as the file says that it is to be held. width,
    height: pixels asked of a camera, and those of a pipe of raw frames. fps: asked of a camera, and
    that of a pipe.
    """

    every_frame: bool = False
    rotate: str | None = None
    upright: bool = True
    width: int | None = None
    height: int | None = None
    fps: float | None = None


def rotated(pixels: Pixels, rotate: str | None) -> Pixels:
    """The image turned by a key of ROTATIONS; None leaves it."""
    return pixels if rotate is None else np.asarray(cv2.rotate(pixels, ROTATIONS[rotate]), np.uint8)
