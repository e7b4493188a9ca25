"""What looks do to a shape and to what is around it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.drawn_shapes import PLAIN, WHITE, blank, plain_shape

from darknet_py.synthetic.shape_looks import paint, random_look

LOOKS: dict[str, dict[str, Any]] = {
    "second": {"split": 0.5, "second": np.array([0.0, 0.0, 255.0])},
    "outline": {"outline": 0.1, "second": np.array([0.0, 0.0, 255.0])},
    "hollow": {"hollow": True},
    "shading": {"colour": np.full(3, 128.0), "shading": 0.3},
    "rim": {"colour": np.full(3, 128.0), "rim": 60.0},
    "grain": {"colour": np.full(3, 128.0), "grain": 15.0},
}


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_changes_the_shape_and_nothing_around_it(name: str) -> None:
    plain, fancy = blank(), blank()
    look = replace(PLAIN, colour=LOOKS[name].get("colour", WHITE))
    paint(plain, plain_shape(1, look))
    paint(fancy, plain_shape(1, replace(look, **LOOKS[name])))
    different = (plain != fancy).any(axis=2)
    assert different.any()
    assert not different[plain_shape(1).cover == 0].any()


def test_a_shadow_darkens_what_is_around() -> None:
    canvas = blank() + 200
    paint(canvas, plain_shape(0, replace(PLAIN, shadow=0.5)))
    outside = canvas[plain_shape(0).cover == 0]
    assert outside.min() < 190 and outside.max() == 200


RANGES = {
    "shading": (0.6, 0.05, 0.3),
    "split": (0.12, 0.25, 0.75),
    "outline": (0.25, 0.05, 0.14),
    "shadow": (0.5, 0.1, 0.5),
    "rim": (0.4, 10, 60),
    "grain": (0.15, 4, 18),
}
"""How often a look has it, and from where to where it then is."""


def test_looks_are_drawn_from_their_ranges() -> None:
    rng = np.random.default_rng(2)
    placed = plain_shape(1)
    looks = [random_look(rng, placed.shape, blank(), placed.cover, False) for _ in range(1000)]
    for name, (share, low, high) in RANGES.items():
        values = np.array([getattr(look, name) for look in looks])
        there = values[values > 0]
        assert abs(len(there) / len(looks) - share) < 0.05, name
        assert low <= there.min() < low + 0.1 * (high - low), name
        assert high - 0.1 * (high - low) < there.max() <= high, name
    lights = np.array([look.light for look in looks])
    assert 0 <= lights.min() < 0.1 and 6.18 < lights.max() < 6.284
    assert not any(look.hollow for look in looks) or placed.shape.radius > 24
