"""Colours in floating point: for classifiers and YOLOv1, and pjreddie's other detectors."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from darknet_py.augment.pixels import Colour, Pixels


def tint(pixels: Pixels, change: Colour) -> Pixels:
    """The image (H, W, 1 or 3) with other colours; of a grey one only the exposure changes."""
    if not change.changes:
        return pixels
    values = pixels.astype(np.float32)
    if pixels.shape[2] == 1:
        values *= change.exposure
    else:
        values = _changed(values, change)
    # This rounds and stops at 255, but takes absolute values.
    return np.asarray(cv2.convertScaleAbs(np.maximum(values, 0)), np.uint8).reshape(pixels.shape)


def _changed(rgb: NDArray[np.float32], change: Colour) -> NDArray[np.float32]:
    """(H, W, 3) in 0..255 and beyond: saturation over 1 makes numbers below 0."""
    hsv = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)
    hsv = cv2.multiply(hsv, np.array([1, change.saturation, change.exposure, 0]))
    # OpenCV turns hues over 360 back by itself, but not those below 0.
    hsv = cv2.add(hsv, np.array([360 * (change.hue % 1), 0, 0, 0]))
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.float32)
