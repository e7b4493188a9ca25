"""How much of each pixel a shape covers."""

from __future__ import annotations

import math

import pytest
from support.drawn_shapes import plain_shape

from darknet_py.synthetic.shape_looks import INSIDE
from darknet_py.synthetic.shapes import NAMES, ShapeGeometry, coverage

AREAS = {
    "circle": math.pi,
    "square": 2.0,
    "triangle": 3 * math.sqrt(3) / 4,
    "hexagon": 3 * math.sqrt(3) / 2,
    "ring": math.pi * (1 - 0.55**2),
    # Ten triangles between the radii 1 and .44; two bars that are .32 as wide as long.
    "star": 10 * 0.5 * 0.44 * math.sin(math.pi / 5),
    "cross": (8 * 0.32 - 4 * 0.32**2) / (1 + 0.32**2),
}


@pytest.mark.parametrize("name", AREAS)
def test_area_of_a_shape(name: str) -> None:
    shape = ShapeGeometry(NAMES.index(name), 200, 200, 180, 0.3, 0.5)
    area = (coverage(shape, 400, 400) > INSIDE).sum() / 180.0**2
    # OpenCV's antialiased edges lie some half a pixel outside.
    assert area == pytest.approx(AREAS[name], rel=0.03)


def test_a_crescent_is_a_disc_less_a_smaller_one() -> None:
    crescent, circle = plain_shape(7).mask, plain_shape(0).mask
    assert not (crescent & ~circle).any()
    assert 0.3 < crescent.sum() / circle.sum() < 0.7
