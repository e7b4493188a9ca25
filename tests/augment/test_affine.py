"""Pieces of images against plain loops in the words of the C programs."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from darknet_py.augment.affine import (
    AffineParams,
    AffineRange,
    affine,
    affine_mask,
    affine_params,
    center_square,
    stretch,
)
from darknet_py.augment.pixels import Pixels


def smooth(width: int, height: int, seed: int = 0, channels: int = 3) -> Pixels:
    """Sampling at 1/32 pixel moves a value by less than 2 where neighbours are alike."""
    noise = np.random.default_rng(seed).integers(0, 256, (7, 9, channels), np.uint8)
    big = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.GaussianBlur(big, (0, 0), 2), np.uint8).reshape(height, width, channels)


def bilinear(pixels: Pixels, x: float, y: float) -> np.ndarray:
    """The value between four pixels; those beyond the image are 0."""
    height, width, channels = pixels.shape
    total = np.zeros(channels)
    left, top = math.floor(x), math.floor(y)
    for row, column in ((top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)):
        if 0 <= row < height and 0 <= column < width:
            total += (1 - abs(x - column)) * (1 - abs(y - row)) * pixels[row, column]
    return total


def affine_loop(pixels: Pixels, params: AffineParams, size: int) -> np.ndarray:
    height, width, channels = pixels.shape
    out = np.zeros((size, size, channels))
    cos, sin = math.cos(params.angle), math.sin(params.angle)
    for y in range(size):
        for x in range(size):
            across = (x - size / 2 + params.dx) / params.scale * params.aspect
            down = (y - size / 2 + params.dy) / params.scale
            at = cos * across - sin * down + width / 2, sin * across + cos * down + height / 2
            out[y, x] = bilinear(pixels, *at)
    return out


@pytest.mark.parametrize(
    "params",
    [
        AffineParams(),
        AffineParams(scale=0.5, aspect=1.3, dx=3.2, dy=-4.7),
        AffineParams(angle=0.4, scale=0.8),
        AffineParams(angle=-1.2, scale=1.7, aspect=0.6, dx=-11, dy=6.5),
        AffineParams(angle=0.2, scale=0.3, dx=30, dy=25),
    ],
    ids=str,
)
def test_pieces_are_those_of_the_c_programs(params: AffineParams) -> None:
    pixels = smooth(41, 30)
    difference = np.abs(affine(pixels, params, 24) - affine_loop(pixels, params, 24))
    assert difference.max() < 8  # at the black border a step of 1/32 is worth 8 of 255
    assert difference.mean() < 0.6


def test_a_grey_image_keeps_its_axis() -> None:
    assert affine(smooth(20, 20, channels=1), AffineParams(angle=0.1), 12).shape == (12, 12, 1)
    assert stretch(smooth(20, 20, channels=1), 8, 6).shape == (6, 8, 1)
    assert center_square(smooth(20, 30, channels=1), 8, 8).shape == (8, 8, 1)


def test_positive_angles_turn_what_is_right_of_the_middle_up() -> None:
    pixels = np.zeros((41, 41, 3), np.uint8)
    pixels[20:22, 34:37] = 255  # right of the middle
    piece = affine(pixels, AffineParams(angle=math.radians(90)), 41)
    rows, columns = np.nonzero(piece[..., 0] > 127)
    assert rows.max() < 10
    assert abs(columns.mean() - 20) < 2


@given(
    width=st.integers(1, 300),
    height=st.integers(1, 300),
    size=st.integers(8, 200),
    low=st.integers(1, 300),
    high=st.integers(1, 300),
    seed=st.integers(0, 1000),
)
def test_without_turning_a_piece_that_fits_stays_inside(
    width: int, height: int, size: int, low: int, high: int, seed: int
) -> None:
    affine_range = AffineRange(0, 1.0, low, high, beyond=False)
    params = affine_params(np.random.default_rng(seed), affine_range, (width, height), size)
    scaled = width * params.scale, height * params.scale
    assert min(low, high) - 1e-6 <= min(scaled) <= max(low, high) + 1e-6
    for length, move in zip(scaled, (params.dx, params.dy), strict=True):
        assert abs(move) <= max(0.0, (length - size) / 2) + 1e-9


def test_pieces_larger_than_the_image_move_beyond_it_only_in_pjreddies_program() -> None:
    def moves(beyond: bool) -> list[float]:
        affine_range = AffineRange(0, 1.0, 50, 50, beyond)
        pieces = [
            affine_params(np.random.default_rng(s), affine_range, (50, 50), 100) for s in range(40)
        ]
        return [params.dx for params in pieces]

    assert set(moves(beyond=False)) == {0.0}
    assert max(moves(beyond=True)) > 20
    assert min(moves(beyond=True)) < -20
    assert max(map(abs, moves(beyond=True))) <= 25


def test_angles_are_degrees_to_either_side() -> None:
    affine_range = AffineRange(30, 1.0, 50, 50, False)
    angles = [
        affine_params(np.random.default_rng(s), affine_range, (50, 50), 50).angle
        for s in range(200)
    ]
    assert 0.45 < max(angles) <= math.radians(30)
    assert -0.45 > min(angles) >= -math.radians(30)


def test_the_stretched_side_is_the_one_measured() -> None:
    """The shorter side after stretching is scaled to low..high, as both programs do."""
    rng = np.random.default_rng(1)
    for _ in range(50):
        params = affine_params(rng, AffineRange(0, 2.0, 64, 64, False), (100, 80), 64)
        shorter = 80 if 100 * params.aspect > 80 else int(100 * params.aspect)
        assert params.scale == pytest.approx(64 / shorter)


def test_an_image_one_pixel_wide_has_a_scale() -> None:
    params = affine_params(np.random.default_rng(0), AffineRange(0, 3.0, 8, 8, False), (1, 1), 8)
    assert math.isfinite(params.scale)


def resized(pixels: Pixels, width: int, height: int) -> np.ndarray:
    out = np.zeros((height, width, pixels.shape[2]))
    steps = (pixels.shape[1] - 1) / (width - 1), (pixels.shape[0] - 1) / (height - 1)
    for y in range(height):
        for x in range(width):
            out[y, x] = bilinear(pixels, x * steps[0], y * steps[1])
    return out


@pytest.mark.parametrize("size", [(20, 15), (60, 41), (41, 30)])
def test_stretch_goes_from_corner_to_corner(size: tuple[int, int]) -> None:
    pixels = smooth(41, 30)
    assert np.abs(stretch(pixels, *size) - resized(pixels, *size)).max() < 2.5
    assert (stretch(pixels, *size)[0, 0] == pixels[0, 0]).all()


@pytest.mark.parametrize("shape", [(30, 41), (41, 30), (30, 30)])
def test_middle_is_the_middle_square(shape: tuple[int, int]) -> None:
    pixels = smooth(shape[1], shape[0])
    top, left = (shape[0] - 30) // 2, (shape[1] - 30) // 2
    assert (center_square(pixels, 30, 30) == pixels[top : top + 30, left : left + 30]).all()


@pytest.mark.parametrize("size", [(14, 8), (6, 16)])
def test_pieces_that_are_not_square(size: tuple[int, int]) -> None:
    """The middle of a square one."""
    pixels, params = smooth(30, 24), AffineParams(angle=0.3, scale=0.7, aspect=1.2, dx=1, dy=-2)
    left, top = 8 - size[0] // 2, 8 - size[1] // 2
    expected = affine(pixels, params, 16)[top : top + size[1], left : left + size[0]]
    piece = affine(pixels, params, *size)
    assert piece.shape == (size[1], size[0], 3)
    np.testing.assert_allclose(piece.astype(int), expected, atol=2)


@pytest.mark.parametrize("by", [2, 4])
def test_a_reduced_mask_is_every_nth_pixel(by: int) -> None:
    mask = (smooth(40, 30, channels=1)[..., 0] > 128).astype(np.uint8)
    params = AffineParams(angle=-0.5, scale=0.9, aspect=0.8, dx=3.3, dy=-1.7)
    whole = affine_mask(mask, params, (32, 24))
    part = affine_mask(mask, params.reduced(by), (32 // by, 24 // by))
    np.testing.assert_allclose(part, whole[::by, ::by], atol=0.07)
    assert part.dtype == np.float32 and 0 < part.mean() < 1


def test_a_mask_is_sampled_as_its_image() -> None:
    mask = (smooth(40, 30, channels=1)[..., 0] > 128).astype(np.uint8)
    params = AffineParams(angle=0.7, scale=1.1, aspect=1.1, dx=2.5, dy=1.25)
    expected = affine(255 * mask[..., None], params, 20)[..., 0] / 255
    np.testing.assert_allclose(affine_mask(mask, params, (20, 20)), expected, atol=0.003)


def test_a_flat_piece_moves_in_the_height_it_has() -> None:
    """C takes the width for it, and moves a flat piece less than it could."""
    fixed = AffineRange(0, 1, 40, 40, beyond=False)
    moved = [affine_params(np.random.default_rng(s), fixed, (80, 40), 40, 20) for s in range(60)]
    assert max(abs(one.dy) for one in moved) > 9 and all(abs(one.dy) <= 10 for one in moved)
    square = [affine_params(np.random.default_rng(s), fixed, (80, 40), 40) for s in range(60)]
    assert {one.dy for one in square} == {0}
    assert [one.dx for one in moved] == [one.dx for one in square]
