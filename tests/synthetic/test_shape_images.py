"""Drawn images: their boxes measured on the pixels."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from support.drawn_shapes import PLAIN, blank, plain_shape, rng

from darknet_py.synthetic.shape_images import (
    LEAST_VISIBLE,
    MOST_SHAPES,
    draw_image,
    labels,
    scatter,
)
from darknet_py.synthetic.shape_looks import PlacedShape, paint
from darknet_py.synthetic.shapes import NAMES, ShapeGeometry, coverage


def changed_box(before: NDArray[np.float32], after: NDArray[np.float32]) -> tuple[int, ...]:
    """Left, top, right, bottom of what changed by more than half of the range."""
    rows, columns = np.nonzero(np.abs(after - before).max(axis=2) > 127)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


@pytest.mark.parametrize("kind", range(8), ids=NAMES)
@pytest.mark.parametrize("angle", [0.0, 0.4, 2.5])
def test_box_is_tight_around_what_the_shape_changes(kind: int, angle: float) -> None:
    placed, canvas = plain_shape(kind, angle=angle), blank()
    paint(canvas, placed)
    owner = np.where(placed.mask, 0, -1).astype(np.int32)
    row = labels([placed], owner)[0]
    left, top, right, bottom = changed_box(blank(), canvas)
    expected = [
        (left + right) / 2 / 96,
        (top + bottom) / 2 / 80,
        (right - left) / 96,
        (bottom - top) / 80,
    ]
    assert row[0] == kind
    np.testing.assert_allclose(row[1:], expected, atol=1e-6)


def test_the_box_of_a_covered_shape_is_that_of_its_visible_part() -> None:
    square = ShapeGeometry(1, 40, 40, 20 * math.sqrt(2), math.pi / 4, 0)
    over = replace(square, x=70.0)
    placed = [PlacedShape(s, PLAIN, coverage(s, 96, 80)) for s in (square, over)]
    owner = np.full((80, 96), -1, np.int32)
    for index, one in enumerate(placed):
        owner[one.mask] = index
    first, second = labels(placed, owner)
    edges = [(first[1] - first[3] / 2) * 96, (first[1] + first[3] / 2) * 96]
    np.testing.assert_allclose(edges, [20, 50], atol=1.01)
    np.testing.assert_allclose((second[1] - second[3] / 2) * 96, 50, atol=1.01)


@pytest.mark.parametrize("seed", range(20))
def test_boxes_lie_in_the_image(seed: int) -> None:
    _, rows = draw_image(rng(seed), 200, 150)
    low, high = rows[:, 1:3] - rows[:, 3:] / 2, rows[:, 1:3] + rows[:, 3:] / 2
    assert rows.dtype == np.float32 and rows.shape[1] == 5
    assert (low >= -1e-6).all() and (high <= 1 + 1e-6).all() and (rows[:, 3:] > 0).all()


@pytest.mark.parametrize("seed", range(12))
def test_enough_of_every_shape_stays_visible(seed: int) -> None:
    placed, owner = scatter(rng(seed), blank(240, 180), grey=False)
    assert 1 <= len(placed) <= MOST_SHAPES
    for index, one in enumerate(placed):
        assert (owner == index).sum() >= LEAST_VISIBLE * one.mask.sum()


def test_every_class_occurs() -> None:
    counts = Counter(
        int(row[0]) for seed in range(40) for row in draw_image(rng(seed), 160, 120)[1]
    )
    assert sorted(counts) == list(range(8))
    assert max(counts.values()) < 3 * min(counts.values())


def test_a_seed_is_an_image() -> None:
    first, again, other = (draw_image(rng(seed), 120, 90) for seed in (5, 5, 6))
    assert first[0].shape == (90, 120, 3) and first[0].dtype == np.uint8
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert (first[0] != other[0]).any()
