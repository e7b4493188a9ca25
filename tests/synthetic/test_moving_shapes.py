"""Shapes that move over a background."""

from __future__ import annotations

import math
from itertools import islice

import numpy as np

from darknet_py.synthetic.backdrop import background
from darknet_py.synthetic.moving_shapes import (
    FASTEST,
    FEWEST,
    MOST,
    moving_frames,
    random_shapes,
)

SIZE = 160, 120


def test_the_same_seed_draws_the_same_frames() -> None:
    first = list(moving_frames(5, 4, *SIZE, 25))
    longer = list(islice(moving_frames(5, 100, *SIZE, 25), 4))
    other = next(moving_frames(6, 1, *SIZE, 25))
    assert all((a == b).all() for a, b in zip(first, longer, strict=True))
    assert first[0].shape == (120, 160, 3) and first[0].dtype == np.uint8
    assert (first[0] != other).any() and (first[0] != first[3]).any()


def test_shapes_stay_inside_and_go_as_far_as_their_speed_says() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        shapes = random_shapes(rng, background(rng, *SIZE))
        assert FEWEST <= len(shapes) <= MOST
        assert len({one.start.kind for one in shapes}) == len(shapes)
        for one in shapes:
            for time in np.linspace(0, 60, 50):
                now = one.at(float(time), SIZE)
                assert now.radius <= now.x <= SIZE[0] - now.radius
                assert now.radius <= now.y <= SIZE[1] - now.radius
            begin, later = one.at(0, SIZE), one.at(0.04, SIZE)
            moved = math.hypot(later.x - begin.x, later.y - begin.y)
            assert (begin.x, begin.y) == (one.start.x, one.start.y)
            assert moved <= 0.04 * FASTEST * min(SIZE) + 1e-9


def test_shapes_begin_apart_from_each_other() -> None:
    rng = np.random.default_rng(1)
    shapes = [one.start for one in random_shapes(rng, background(rng, 400, 300))]
    gaps = [
        math.hypot(a.x - b.x, a.y - b.y) - a.radius - b.radius
        for number, a in enumerate(shapes)
        for b in shapes[:number]
    ]
    assert min(gaps) > 0
