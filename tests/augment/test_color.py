"""Colours against the hue-saturation-value loops of the C programs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from darknet_py.augment.color import tint
from darknet_py.augment.pixels import Colour


def changed(rgb: np.ndarray, change: Colour) -> list[float]:
    """One pixel, 0..1, as rgb_to_hsv, scaling and hsv_to_rgb change it."""
    red, green, blue = (float(value) for value in rgb)
    most, least = max(rgb), min(rgb)
    spread = most - least
    saturation, hue = (spread / most, 0.0) if most else (0.0, 0.0)
    if spread:
        if red == most:
            hue = (green - blue) / spread
        elif green == most:
            hue = 2 + (blue - red) / spread
        else:
            hue = 4 + (red - green) / spread
        hue = (hue + 6 if hue < 0 else hue) / 6
    saturation, value = saturation * change.saturation, most * change.exposure
    hue += change.hue
    hue += -1 if hue > 1 else 1 if hue < 0 else 0
    part = math.floor(6 * hue)
    rest = 6 * hue - part
    p, q, t = (value * (1 - saturation * k) for k in (1, rest, 1 - rest))
    wheel = [(value, t, p), (q, value, p), (p, value, t), (p, q, value), (t, p, value)]
    found = wheel[part] if part < 5 else (value, p, q)
    return [min(1.0, max(0.0, channel)) for channel in found]


@pytest.mark.parametrize(
    "change",
    [
        Colour(0.1, 1, 1),
        Colour(-0.4, 1, 1),
        Colour(0, 1.8, 1),
        Colour(0, 0.5, 0.7),
        Colour(0.05, 1.5, 1.5),
    ],
    ids=str,
)
def test_colours_change_as_in_the_c_programs(change: Colour) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 8, 3), np.uint8)
    pixels[0, 0], pixels[0, 1] = 90, 0  # grey and black have no hue
    found = tint(pixels, change)
    expected = [[changed(pixel / 255, change) for pixel in row] for row in pixels]
    assert np.abs(found / 255 - expected).max() < 0.6 / 255
    assert found.dtype == np.uint8


def test_no_change_is_no_change() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 8, 3), np.uint8)
    assert tint(pixels, Colour(0.0, 1.0, 1.0)) is pixels


def test_a_grey_image_changes_in_exposure_only() -> None:
    pixels = np.array([[[10], [100], [200]]], np.uint8)
    assert tint(pixels, Colour(0.3, 2.0, 1.5)).tolist() == [[[15], [150], [255]]]
