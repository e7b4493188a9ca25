"""What looks do to a shape and to what is around it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.drawn_shapes import PLAIN, WHITE, blank, plain_shape

from darknet_py.synthetic.shape_looks import paint

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
