"""AlexeyAB's mixes of training images for classifiers: mixup, cutmix, mosaic, with their labels.

A part is an image uint8 (H, W, C) with its truth array float32 (classes,); all of one size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from darknet_py.augment.pixels import Pixels, mean_of
from darknet_py.layers.tree import UNKNOWN

Floats = NDArray[np.float32]
Part = tuple[Pixels, Floats]
Cut = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels, right and bottom exclusive."""

MIXUP, CUTMIX, MOSAIC, EITHER = 1, 2, 3, 4
"""mixup= in AlexeyAB's numbers, which cutmix=1 and mosaic=1 stand for; EITHER is both of these."""
PARTS = {0: 1, MIXUP: 2, CUTMIX: 2, MOSAIC: 4}
LEAST_CUT, MOST_CUT = 0.3, 0.8
"""Sides of a cutmix rectangle, as parts of the image's."""
MOSAIC_MARGIN = 0.2


def random_cut(rng: Generator, width: int, height: int) -> Cut:
    """The rectangle cutmix takes from the second image."""
    sizes = [_between(rng, LEAST_CUT * side, MOST_CUT * side) for side in (width, height)]
    left, top = (
        _between(rng, 0, max(0, side - size - 1))
        for side, size in zip((width, height), sizes, strict=True)
    )
    return left, top, left + sizes[0], top + sizes[1]


def random_cross(rng: Generator, width: int, height: int) -> tuple[int, int]:
    """x and y where the four images of a mosaic meet."""
    x, y = (_between(rng, MOSAIC_MARGIN * s, (1 - MOSAIC_MARGIN) * s) for s in (width, height))
    return x, y


def _between(rng: Generator, low: float, high: float) -> int:
    return int(rng.integers(int(low), int(high), endpoint=True))


def mixup(first: Part, second: Part) -> Part:
    """The mean of two images, half of each label."""
    return mean_of(first[0], second[0]), weighted_labels([first[1], second[1]], [0.5, 0.5])


def cutmix(first: Part, second: Part, cut: Cut) -> Part:
    """A rectangle of the second image in the first; labels by the areas."""
    left, top, right, bottom = cut
    pixels = first[0].copy()
    pixels[top:bottom, left:right] = second[0][top:bottom, left:right]
    part = (right - left) * (bottom - top) / (pixels.shape[0] * pixels.shape[1])
    return pixels, weighted_labels([first[1], second[1]], [1 - part, part])


def mosaic(parts: Sequence[Part], cross: tuple[int, int]) -> Part:
    """Quarters of four images, top left, top right, bottom left, bottom right, in place."""
    x, y = cross
    height, width = parts[0][0].shape[:2]
    pixels = parts[0][0].copy()
    pixels[:y, x:] = parts[1][0][:y, x:]
    pixels[y:, :x] = parts[2][0][y:, :x]
    pixels[y:, x:] = parts[3][0][y:, x:]
    areas = [x * y, (width - x) * y, x * (height - y), (width - x) * (height - y)]
    weights = [area / (width * height) for area in areas]
    return pixels, weighted_labels([truth for _, truth in parts], weights)


def weighted_labels(labels: Sequence[Floats], weights: Sequence[float]) -> Floats:
    """The weighted mean of labels; where some of them know nothing, that of the others.

    AlexeyAB's program mixes its mark for unknown into the numbers, which then mean nothing.
    """
    values, parts = np.stack(labels), np.array(weights)[:, None]
    parts = np.where(values == UNKNOWN, 0, parts)
    known = parts.sum(axis=0)
    mean = (parts * values).sum(axis=0) / np.where(known > 0, known, 1)
    return np.where(known > 0, mean, UNKNOWN).astype(np.float32)


def _mixup(rng: Generator, parts: Sequence[Part]) -> Part:
    first, second = parts
    return mixup(first, second)


def _cutmix(rng: Generator, parts: Sequence[Part]) -> Part:
    height, width = parts[0][0].shape[:2]
    first, second = parts
    return cutmix(first, second, random_cut(rng, width, height))


def _mosaic(rng: Generator, parts: Sequence[Part]) -> Part:
    height, width = parts[0][0].shape[:2]
    return mosaic(parts, random_cross(rng, width, height))


def _alone(rng: Generator, parts: Sequence[Part]) -> Part:
    return parts[0]


MIXES: dict[int, Callable[[Generator, Sequence[Part]], Part]] = {
    0: _alone,
    MIXUP: _mixup,
    CUTMIX: _cutmix,
    MOSAIC: _mosaic,
}
