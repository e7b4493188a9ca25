"""Changes of colour against the hue-saturation-value loops of the C programs."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from darknet_py.augment.color import ColorParams, adjust_color, adjust_color_8bit, color_params


def changed(rgb: np.ndarray, params: ColorParams) -> list[float]:
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
    saturation, value = saturation * params.saturation, most * params.exposure
    hue += params.hue
    hue += -1 if hue > 1 else 1 if hue < 0 else 0
    part = math.floor(6 * hue)
    rest = 6 * hue - part
    p, q, t = (value * (1 - saturation * k) for k in (1, rest, 1 - rest))
    wheel = [(value, t, p), (q, value, p), (p, value, t), (p, q, value), (t, p, value)]
    result = wheel[part] if part < 5 else (value, p, q)
    return [min(1.0, max(0.0, channel)) for channel in result]


@pytest.mark.parametrize(
    "params",
    [
        ColorParams(0.1, 1, 1),
        ColorParams(-0.4, 1, 1),
        ColorParams(0, 1.8, 1),
        ColorParams(0, 0.5, 0.7),
        ColorParams(0.05, 1.5, 1.5),
    ],
    ids=str,
)
def test_colours_change_as_in_the_c_programs(params: ColorParams) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 8, 3), np.uint8)
    pixels[0, 0], pixels[0, 1] = 90, 0  # grey and black have no hue
    result = adjust_color(pixels, params)
    expected = [[changed(pixel / 255, params) for pixel in row] for row in pixels]
    assert np.abs(result / 255 - expected).max() < 0.6 / 255
    assert result.dtype == np.uint8


def test_no_change_is_no_change() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 8, 3), np.uint8)
    assert adjust_color(pixels, ColorParams(0.0, 1.0, 1.0)) is pixels


def test_a_grey_image_changes_in_exposure_only() -> None:
    pixels = np.array([[[10], [100], [200]]], np.uint8)
    assert adjust_color(pixels, ColorParams(0.3, 2.0, 1.5)).tolist() == [[[15], [150], [255]]]


CHANGES = [
    ColorParams(0.1, 1, 1),
    ColorParams(-0.3, 1, 1),
    ColorParams(0, 1.7, 1),
    ColorParams(0, 1, 0.4),
    ColorParams(0.05, 0.6, 1.5),
]


def byte(value: float) -> int:
    return min(255, max(0, round(value)))


@pytest.mark.parametrize("params", CHANGES, ids=str)
def test_colours_as_alexeyabs(params: ColorParams) -> None:
    """Three 8-bit channels, each added to or multiplied, rounded, and stopped at 0 and 255."""
    pixels = np.random.default_rng(0).integers(0, 256, (9, 8, 3), np.uint8)
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV)
    for y in range(9):
        for x in range(8):
            hue, saturation, value = (int(number) for number in hsv[y, x])
            hsv[y, x, 0] = byte(hue + 179 * params.hue)
            hsv[y, x, 1] = byte(saturation * params.saturation)
            hsv[y, x, 2] = byte(value * params.exposure)
    before = pixels.copy()
    result = adjust_color_8bit(pixels, params)
    assert (result == cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)).all()
    assert (pixels == before).all()


def test_of_grey_only_the_exposure_changes() -> None:
    grey = np.array([[[0], [100], [200]]], np.uint8)
    result = adjust_color_8bit(grey, ColorParams(0.3, 1.5, 1.3))
    assert result.tolist() == [[[0], [130], [255]]]
    assert adjust_color_8bit(grey, ColorParams()) is grey


def test_colours_are_drawn_within_their_limits() -> None:
    rng = np.random.default_rng(1)
    drawn = [color_params(rng, 0.1, 1.5, 3.0) for _ in range(2000)]
    hues = np.array([params.hue for params in drawn])
    assert (np.abs(hues) <= 0.1).all()
    assert abs(hues.mean()) < 0.01
    assert hues.std() == pytest.approx(0.1 / math.sqrt(3), abs=0.003)
    assert 1.45 < max(params.saturation for params in drawn) <= 1.5
    assert 1 / 3 <= min(params.exposure for params in drawn) < 0.35
