"""Drawn shapes that move over a background, frame by frame: a video that costs nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from darknet_py.synthetic.backdrop import Canvas, Pixels, background
from darknet_py.synthetic.shape_looks import PlacedShape, ShapeLook, paint, random_look
from darknet_py.synthetic.shapes import NAMES, ShapeGeometry, coverage

FEWEST, MOST = 4, 7
"""Shapes in a video."""
SMALLEST, LARGEST = 0.07, 0.13
"""Radii, as parts of the shorter side."""
SLOWEST, FASTEST = 0.05, 0.3
"""Parts of the shorter side that a shape moves in a second."""
TRIES = 20
SPIN = 0.8
"""Radians that it turns in a second at most."""


@dataclass(frozen=True)
class MovingShape:
    """Where a shape begins, how it looks, and how it moves: pixels and radians in a second."""

    start: ShapeGeometry
    look: ShapeLook
    speed: tuple[float, float]
    spin: float

    def at(self, time: float, size: tuple[int, int]) -> ShapeGeometry:
        """After so many seconds, in an image of that width and height with mirrors for edges."""
        x, y = (
            _bounced(place + speed * time, self.start.radius, side - self.start.radius)
            for place, speed, side in zip(
                (self.start.x, self.start.y), self.speed, size, strict=True
            )
        )
        return replace(self.start, x=x, y=y, angle=self.start.angle + self.spin * time)


def moving_frames(seed: int, frames: int, width: int, height: int, fps: float) -> Iterator[Pixels]:
    """BGR images (height, width, 3) of one video; the same seed draws the same ones."""
    rng = np.random.default_rng(seed)
    canvas = background(rng, width, height)
    shapes = random_shapes(rng, canvas)
    for number in range(frames):
        yield drawn(canvas, [(one.at(number / fps, (width, height)), one.look) for one in shapes])


def random_shapes(rng: Generator, canvas: Canvas) -> list[MovingShape]:
    """Shapes that begin apart from each other, of different kinds as far as there are."""
    height, width = canvas.shape[:2]
    side, kinds = min(width, height), rng.permutation(len(NAMES))
    made: list[MovingShape] = []
    for kind in kinds[: int(rng.integers(FEWEST, MOST + 1))].tolist():
        geometry = _placed_apart(rng, kind, side, (width, height), [one.start for one in made])
        cover = coverage(geometry, width, height)
        look = replace(random_look(rng, geometry, canvas, cover, False), hollow=False)
        pace, course = side * rng.uniform(SLOWEST, FASTEST), rng.uniform(0, 2 * math.pi)
        speed = pace * math.cos(course), pace * math.sin(course)
        made.append(MovingShape(geometry, look, speed, rng.uniform(-SPIN, SPIN)))
    return made


def _placed_apart(
    rng: Generator, kind: int, side: int, size: tuple[int, int], others: list[ShapeGeometry]
) -> ShapeGeometry:
    """The best of a few places."""
    radius, angle = side * rng.uniform(SMALLEST, LARGEST), rng.uniform(0, 2 * math.pi)
    slim, (width, height) = rng.random(), size
    tries = [
        ShapeGeometry(
            kind,
            rng.uniform(radius, width - radius),
            rng.uniform(radius, height - radius),
            radius,
            angle,
            slim,
        )
        for _ in range(TRIES)
    ]
    return max(tries, key=lambda one: min((_gap(one, other) for other in others), default=0.0))


def _gap(one: ShapeGeometry, other: ShapeGeometry) -> float:
    return math.hypot(one.x - other.x, one.y - other.y) - one.radius - other.radius


def _bounced(place: float, low: float, high: float) -> float:
    """A place on a line with a mirror at both ends."""
    length = high - low
    along = (place - low) % (2 * length)
    return low + (along if along <= length else 2 * length - along)


def drawn(canvas: Canvas, shapes: list[tuple[ShapeGeometry, ShapeLook]]) -> Pixels:
    """The shapes over a copy of the canvas, the later ones on top."""
    height, width = canvas.shape[:2]
    image = canvas.copy()
    for geometry, look in shapes:
        paint(image, PlacedShape(geometry, look, coverage(geometry, width, height)))
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)
