"""Colours of classifier pictures, changed as both programs do it: in floating point."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from darknet_py.data.warp import Pixels, draw_factor


@dataclass(frozen=True)
class Tint:
    """hue: added, as a part of a whole turn; saturation, exposure: factors."""

    hue: float = 0.0
    saturation: float = 1.0
    exposure: float = 1.0


def draw_tint(rng: Generator, limit: Tint) -> Tint:
    """hue within +-limit.hue; the factors up to their limits, every other time 1 over that."""
    hue = float(rng.uniform(-limit.hue, limit.hue))
    return Tint(hue, draw_factor(rng, limit.saturation), draw_factor(rng, limit.exposure))


def colour(pixels: Pixels, tint: Tint) -> Pixels:
    """The picture (H, W, 1 or 3) with other colours; of a grey one only the exposure changes."""
    if tint == Tint():
        return pixels
    values = pixels.astype(np.float32)
    if pixels.shape[2] == 1:
        values *= tint.exposure
    else:
        values = _changed(values, tint)
    # This rounds and stops at 255; it would turn what is negative round.
    return np.asarray(cv2.convertScaleAbs(np.maximum(values, 0)), np.uint8).reshape(pixels.shape)


def _changed(rgb: NDArray[np.float32], tint: Tint) -> NDArray[np.float32]:
    """(H, W, 3) in 0..255 and beyond: saturation over 1 makes numbers below 0."""
    hsv = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)
    hsv = cv2.multiply(hsv, np.array([1, tint.saturation, tint.exposure, 0]))
    # OpenCV turns hues over 360 back by itself, but not those below 0.
    hsv = cv2.add(hsv, np.array([360 * (tint.hue % 1), 0, 0, 0]))
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.float32)


def blur(pixels: Pixels, size: int) -> Pixels:
    """Gaussian blur over `size` pixels each way; OpenCV knows odd sizes only, so 4 means 5."""
    kernel = size // 2 * 2 + 1
    return np.asarray(cv2.GaussianBlur(pixels, (kernel, kernel), 0), np.uint8).reshape(pixels.shape)
