"""Colours against the hue-saturation-value loops of the C programs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from darknet_py.data.tint import Tint, blur, colour, draw_tint


def changed(rgb: np.ndarray, tint: Tint) -> list[float]:
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
    saturation, value = saturation * tint.saturation, most * tint.exposure
    hue += tint.hue
    hue += -1 if hue > 1 else 1 if hue < 0 else 0
    part = math.floor(6 * hue)
    rest = 6 * hue - part
    p, q, t = (value * (1 - saturation * k) for k in (1, rest, 1 - rest))
    wheel = [(value, t, p), (q, value, p), (p, value, t), (p, q, value), (t, p, value)]
    found = wheel[part] if part < 5 else (value, p, q)
    return [min(1.0, max(0.0, channel)) for channel in found]


@pytest.mark.parametrize(
    "tint",
    [Tint(0.1, 1, 1), Tint(-0.4, 1, 1), Tint(0, 1.8, 1), Tint(0, 0.5, 0.7), Tint(0.05, 1.5, 1.5)],
    ids=str,
)
def test_colours_change_as_in_the_c_programs(tint: Tint) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 8, 3), np.uint8)
    pixels[0, 0], pixels[0, 1] = 90, 0  # grey and black have no hue
    found = colour(pixels, tint)
    expected = [[changed(pixel / 255, tint) for pixel in row] for row in pixels]
    assert np.abs(found / 255 - expected).max() < 0.6 / 255
    assert found.dtype == np.uint8


def test_no_change_is_no_change() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 8, 3), np.uint8)
    assert colour(pixels, Tint()) is pixels


def test_a_grey_picture_changes_in_exposure_only() -> None:
    pixels = np.array([[[10], [100], [200]]], np.uint8)
    assert colour(pixels, Tint(0.3, 2.0, 1.5)).tolist() == [[[15], [150], [255]]]


def test_tints_are_drawn_within_their_limits() -> None:
    rng = np.random.default_rng(3)
    tints = [draw_tint(rng, Tint(0.1, 1.75, 1.25)) for _ in range(200)]
    assert {abs(t.hue) <= 0.1 for t in tints} == {True}
    assert min(t.hue for t in tints) < -0.05
    assert max(t.hue for t in tints) > 0.05
    assert {1 / 1.75 <= t.saturation <= 1.75 for t in tints} == {True}
    assert {1 / 1.25 <= t.exposure <= 1.25 for t in tints} == {True}


@pytest.mark.parametrize("channels", [1, 3])
def test_blur_spreads_over_its_pixels(channels: int) -> None:
    pixels = np.zeros((21, 21, channels), np.uint8)
    pixels[10, 10] = 255
    found = blur(pixels, 5)
    assert found.shape == pixels.shape
    rows, columns = np.nonzero(found[..., 0])
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (8, 12, 8, 12)
    assert (blur(pixels, 4) == found).all()
