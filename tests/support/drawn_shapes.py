"""A plain white shape on a black canvas."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from darknet_py.synthetic.shape_looks import PlacedShape, ShapeLook
from darknet_py.synthetic.shapes import ShapeGeometry, coverage

WHITE = np.full(3, 255.0)
PLAIN = ShapeLook(WHITE, WHITE, 0, 0, 0, False, 0, 0, 0, 0)


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def blank(width: int = 96, height: int = 80) -> NDArray[np.float32]:
    return np.zeros((height, width, 3), np.float32)


def plain_shape(
    kind: int, look: ShapeLook = PLAIN, angle: float = 0.3, slim: float = 0.5
) -> PlacedShape:
    shape = ShapeGeometry(kind, 47.3, 38.6, 25.0, angle, slim)
    return PlacedShape(shape, look, coverage(shape, 96, 80))
