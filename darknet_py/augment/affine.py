"""Square pieces of images for classifiers: affine ones, and the middle.

Images are uint8 (H, W, C), RGB or grey. Positions are sampled to 1/32 pixel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from darknet_py.augment.pixels import AFFINE_FLAGS, Pixels, random_factor


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
    rng: Generator, affine_range: AffineRange, image: tuple[int, int], size: int
) -> AffineParams:
    """Random ones for an image (width, height) and a square piece of `size` pixels."""
    width, height = image
    aspect = random_factor(rng, affine_range.aspect)
    low, high = sorted((affine_range.low, affine_range.high))
    shorter = max(1, height if height < width * aspect else int(width * aspect))
    scale = int(rng.integers(low, high, endpoint=True)) / shorter
    angle = math.radians(rng.uniform(-affine_range.angle, affine_range.angle))
    slack = ((width * scale / aspect - size) / 2, (height * scale - size) / 2)
    dx, dy = (_within(rng, abs(side) if affine_range.beyond else max(0.0, side)) for side in slack)
    return AffineParams(angle, scale, aspect, dx, dy)


def _within(rng: Generator, most: float) -> float:
    return float(rng.uniform(-most, most))


def affine(pixels: Pixels, params: AffineParams, size: int) -> Pixels:
    """The square piece of `size` pixels; black where it reaches beyond the image."""
    height, width = pixels.shape[:2]
    along, across = math.cos(params.angle) / params.scale, math.sin(params.angle) / params.scale
    matrix = np.array([[along * params.aspect, -across], [across * params.aspect, along]])
    corner = np.array([width, height]) / 2 + matrix @ (params.dx - size / 2, params.dy - size / 2)
    return _resampled(pixels, np.column_stack([matrix, corner]), (size, size))


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
    result = cv2.warpAffine(
        np.ascontiguousarray(pixels),
        matrix,
        size,
        flags=AFFINE_FLAGS,
        borderMode=cv2.BORDER_CONSTANT,
    )
    # OpenCV drops the channel axis of grey images.
    return np.asarray(result, np.uint8).reshape(size[1], size[0], -1)
