"""Pieces of images for classifiers and segmenters: affine ones, and the middle square.

Images are uint8 (H, W, C), RGB or grey. Positions are sampled to 1/32 pixel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from darknet_py.augment.pixels import AFFINE_FLAGS, Floats, Pixels, random_factor


@dataclass(frozen=True)
class AffineParams:
    """Where a piece is taken from an image, by its middle.

    angle: radians, clockwise. scale: pixels of the piece for one of the image's height; aspect:
    the same over that for the width. dx, dy: from the image's middle, in pixels of the piece.
    """

    angle: float = 0.0
    scale: float = 1.0
    aspect: float = 1.0
    dx: float = 0.0
    dy: float = 0.0

    def reduced(self, by: int) -> AffineParams:
        """For the same piece in so many times fewer pixels a side."""
        return replace(self, scale=self.scale / by, dx=self.dx / by, dy=self.dy / by)


@dataclass(frozen=True)
class AffineRange:
    """What AffineParams are drawn from, as [net] says it.

    angle: most degrees to either side. aspect: the greatest stretch, either way. low, high: pixels
    of the shorter side after scaling. beyond: a piece larger than the scaled image moves in it,
    as in pjreddie's program; otherwise it stays in the middle.
    """

    angle: float
    aspect: float
    low: int
    high: int
    beyond: bool


def affine_params(
    rng: Generator,
    affine_range: AffineRange,
    image: tuple[int, int],
    size: int,
    high: int | None = None,
) -> AffineParams:
    """Random ones for an image (width, height) and a piece of `size` pixels, `high` or as many.

    C leaves the piece's height out of the room to move up and down; here it counts.
    """
    width, height = image
    aspect = random_factor(rng, affine_range.aspect)
    least, most = sorted((affine_range.low, affine_range.high))
    shorter = max(1, height if height < width * aspect else int(width * aspect))
    scale = int(rng.integers(least, most, endpoint=True)) / shorter
    angle = math.radians(rng.uniform(-affine_range.angle, affine_range.angle))
    slack = ((width * scale / aspect - size) / 2, (height * scale - (high or size)) / 2)
    dx, dy = (_within(rng, abs(side) if affine_range.beyond else max(0.0, side)) for side in slack)
    return AffineParams(angle, scale, aspect, dx, dy)


def _within(rng: Generator, most: float) -> float:
    return float(rng.uniform(-most, most))


def affine(pixels: Pixels, params: AffineParams, size: int, high: int | None = None) -> Pixels:
    """The piece of `size` pixels, `high` or as many; black where it reaches beyond the image."""
    matrix = _matrix(params, (pixels.shape[1], pixels.shape[0]), (size, high or size))
    return _resampled(pixels, matrix, (size, high or size))


def affine_mask(mask: Pixels, params: AffineParams, size: tuple[int, int]) -> Floats:
    """The same piece, width x height, of a mask (H, W) of 0 and 1: how much of it each pixel is."""
    matrix = _matrix(params, (mask.shape[1], mask.shape[0]), size)
    return np.asarray(_warped(mask.astype(np.float32), matrix, size), np.float32)


def _matrix(
    params: AffineParams, image: tuple[int, int], size: tuple[int, int]
) -> NDArray[np.float64]:
    """From a pixel of the piece to the image's."""
    along, across = math.cos(params.angle) / params.scale, math.sin(params.angle) / params.scale
    matrix = np.array([[along * params.aspect, -across], [across * params.aspect, along]])
    middle = (params.dx - size[0] / 2, params.dy - size[1] / 2)
    return np.column_stack([matrix, np.array(image) / 2 + matrix @ middle])


def center_square(pixels: Pixels, width: int, height: int) -> Pixels:
    """The middle square of an image, stretched to width x height."""
    side = min(pixels.shape[:2])
    top, left = ((length - side) // 2 for length in pixels.shape[:2])
    return stretch(pixels[top : top + side, left : left + side], width, height)


def stretch(pixels: Pixels, width: int, height: int) -> Pixels:
    """Darknet's resize, corner pixels to corner pixels."""
    if pixels.shape[:2] == (height, width):
        return pixels
    steps = ((pixels.shape[1] - 1) / max(1, width - 1), (pixels.shape[0] - 1) / max(1, height - 1))
    matrix = np.array([[steps[0], 0, 0], [0, steps[1], 0]])
    return _resampled(pixels, matrix, (width, height))


def _resampled(pixels: Pixels, matrix: NDArray[np.float64], size: tuple[int, int]) -> Pixels:
    result = _warped(np.ascontiguousarray(pixels), matrix, size)
    # OpenCV drops the channel axis of grey images.
    return np.asarray(result, np.uint8).reshape(size[1], size[0], -1)


def _warped(
    values: NDArray[Any], matrix: NDArray[np.float64], size: tuple[int, int]
) -> NDArray[Any]:
    """values: (H, W[, C]) uint8 or float32."""
    border = cv2.BORDER_CONSTANT
    return cv2.warpAffine(values, matrix, size, flags=AFFINE_FLAGS, borderMode=border)
