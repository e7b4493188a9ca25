"""Changes of colour: in floating point, and in AlexeyAB's detectors as 8-bit numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from darknet_py.augment.pixels import Pixels, as_hwc, random_factor

COLOURS = 3
HUE_TURN = 179
"""A whole turn of hue moves OpenCV's 8-bit hue by this much in AlexeyAB's program."""


@dataclass(frozen=True)
class ColorParams:
    """A change of colour: hue as part of a turn (0: none), factors of saturation and exposure."""

    hue: float = 0.0
    saturation: float = 1.0
    exposure: float = 1.0

    @property
    def changes(self) -> bool:
        return self != ColorParams()


def color_params(rng: Generator, hue: float, saturation: float, exposure: float) -> ColorParams:
    """hue in +-hue; the factors in 1..limit or, as often, 1 over that."""
    turn = rng.uniform(-hue, hue)
    return ColorParams(turn, random_factor(rng, saturation), random_factor(rng, exposure))


def adjust_color(pixels: Pixels, params: ColorParams) -> Pixels:
    """The image (H, W, 1, 3 or 4) with other colours; of a grey one only the exposure changes.

    In floating point: for classifiers and YOLOv1, and for pjreddie's other detectors.
    """
    if not params.changes:
        return pixels
    if pixels.shape[2] > COLOURS:
        return _beside_alpha(adjust_color, pixels, params)
    values = pixels.astype(np.float32)
    if pixels.shape[2] == 1:
        values *= params.exposure
    else:
        values = _adjusted(values, params)
    # This rounds and stops at 255, but takes absolute values.
    return np.asarray(cv2.convertScaleAbs(np.maximum(values, 0)), np.uint8).reshape(pixels.shape)


def _adjusted(rgb: NDArray[np.float32], params: ColorParams) -> NDArray[np.float32]:
    """(H, W, 3) in 0..255 and beyond: saturation above 1 makes numbers below 0."""
    hsv = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)
    hsv = cv2.multiply(hsv, np.array([1, params.saturation, params.exposure, 0]))
    # OpenCV turns hues above 360 back by itself, but not those below 0.
    hsv = cv2.add(hsv, np.array([360 * (params.hue % 1), 0, 0, 0]))
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.float32)


def adjust_color_8bit(pixels: Pixels, params: ColorParams) -> Pixels:
    """AlexeyAB's way in detectors: OpenCV's 8-bit hue, saturation and value, each within 0 and 255.

    Of a grey image the exposure alone changes here, too.
    """
    if not params.changes:
        return pixels
    if pixels.shape[2] > COLOURS:
        return _beside_alpha(adjust_color_8bit, pixels, params)
    steps = np.arange(256, dtype=np.float64)
    if pixels.shape[2] == 1:
        return as_hwc(cv2.LUT(pixels, _rounded(steps * params.exposure)))
    channels = (steps + HUE_TURN * params.hue, steps * params.saturation, steps * params.exposure)
    table = np.stack([_rounded(values) for values in channels], axis=1)[None]
    hsv = cv2.LUT(cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV), table)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)


def _beside_alpha(
    adjust: Callable[[Pixels, ColorParams], Pixels], pixels: Pixels, params: ColorParams
) -> Pixels:
    """The colours of an image (H, W, 4) changed; alpha, which C loses here, stays."""
    colours = np.ascontiguousarray(pixels[..., :COLOURS])
    return np.dstack([adjust(colours, params), pixels[..., COLOURS:]])


def _rounded(values: NDArray[np.float64]) -> Pixels:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
