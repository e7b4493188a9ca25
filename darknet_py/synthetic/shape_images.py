"""Drawn images of shapes with their boxes: a data set that costs nothing and is ours."""

from __future__ import annotations

import math

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from darknet_py.options.datasets import ShapesOptions
from darknet_py.synthetic.backdrop import Canvas, Pixels, background, finish, greyed
from darknet_py.synthetic.shape_looks import INSIDE, PlacedShape, paint, random_look
from darknet_py.synthetic.shapes import NAMES, ShapeGeometry, coverage

MOST_SHAPES = 14
SMALLEST: float = ShapesOptions.smallest
"""Least radius in pixels."""
LARGEST = 0.28
"""Greatest radius as a part of the image's shorter side."""
LEAST_VISIBLE: float = ShapesOptions.visible
"""A shape that would hide more than the rest of an earlier one is not drawn."""
APART = 0.03
"""In images without crowds a shape covers others with at most this part of itself."""


def draw_image(
    rng: Generator,
    width: int,
    height: int,
    smallest: float = SMALLEST,
    visible: float = LEAST_VISIBLE,
) -> tuple[Pixels, NDArray[np.float32]]:
    """A BGR image (height, width, 3) and its labels (K, 5): class x y w h relative to its size.

    A box is tight around what is visible of its shape. smallest: least radius in pixels.
    visible: least part of a shape that the shapes drawn after it leave.
    """
    canvas = background(rng, width, height)
    grey = rng.random() < 0.08
    if grey:
        canvas = greyed(canvas)
    placed, owner = scatter(rng, canvas, grey, smallest, visible)
    for one in placed:
        paint(canvas, one)
    return finish(rng, canvas, grey), labels(placed, owner)


def labels(placed: list[PlacedShape], owner: NDArray[np.int32]) -> NDArray[np.float32]:
    """(K, 5) class x y w h of what each shape still owns of the image."""
    height, width = owner.shape
    rows = [(one.shape.kind, *visible_box(owner == i)) for i, one in enumerate(placed)]
    corners = np.array(rows, np.float64).reshape(-1, 5)
    kinds, low, high = corners[:, :1], corners[:, 1:3], corners[:, 3:]
    size = (width, height)
    return np.hstack([kinds, (low + high) / 2 / size, (high - low) / size]).astype(np.float32)


def visible_box(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of a mask in pixels, right and bottom exclusive."""
    columns, rows = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def scatter(
    rng: Generator,
    canvas: Canvas,
    grey: bool,
    smallest: float = SMALLEST,
    visible: float = LEAST_VISIBLE,
) -> tuple[list[PlacedShape], NDArray[np.int32]]:
    """Shapes in drawing order, and which of them (or -1) each pixel shows."""
    height, width = canvas.shape[:2]
    owner = np.full((height, width), -1, np.int32)
    placed: list[PlacedShape] = []
    crowded = rng.random() < 0.5
    largest = LARGEST * min(width, height) * rng.uniform(0.35, 1)
    for _ in range(int(rng.integers(1, MOST_SHAPES + 1)) * 2):
        shape = _random_shape(rng, (width, height), (smallest, largest), placed)
        cover = coverage(shape, width, height)
        if not _fits(cover > INSIDE, owner, placed, None if crowded else APART, visible):
            continue
        look = random_look(rng, shape, canvas, cover, grey)
        one = PlacedShape(shape, look, cover)
        owner[one.mask] = len(placed)
        placed.append(one)
        if len(placed) == MOST_SHAPES:
            break
    return placed, owner


def _random_shape(
    rng: Generator, size: tuple[int, int], radii: tuple[float, float], placed: list[PlacedShape]
) -> ShapeGeometry:
    smallest, largest = radii
    radius = smallest * max(1.0, largest / smallest) ** rng.random()
    # A little of a shape may lie outside of the image.
    x, y = (rng.uniform(0.8 * radius, side - 0.8 * radius) for side in size)
    if placed and rng.random() < 0.1:
        # Without this, rings with something in them and shapes on shapes would be too rare.
        around = placed[int(rng.integers(len(placed)))].shape
        x, y, radius = around.x, around.y, min(radius, 0.45 * around.radius)
        radius = max(radius, smallest)
    kind = int(rng.integers(len(NAMES)))
    return ShapeGeometry(kind, x, y, radius, rng.uniform(0, 2 * math.pi), rng.random())


def _fits(
    mask: NDArray[np.bool_],
    owner: NDArray[np.int32],
    placed: list[PlacedShape],
    overlap: float | None,
    visible: float,
) -> bool:
    """Whether enough of each earlier shape (and something of this one) stays visible.

    overlap: most that this one may cover of others, as a part of itself; None: as it comes.
    """
    hidden = np.bincount(owner[mask] + 1, minlength=len(placed) + 1)[1:]
    if not mask.any() or (overlap is not None and hidden.sum() > overlap * mask.sum()):
        return False
    left = np.bincount(owner.ravel() + 1, minlength=len(placed) + 1)[1:] - hidden
    touched = np.flatnonzero(hidden)
    return all(left[i] >= visible * np.count_nonzero(placed[i].mask) for i in touched)
