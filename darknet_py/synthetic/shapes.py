"""Eight shapes: where one lies, and how much of each pixel it covers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from darknet_py.synthetic.backdrop import Floats, Pixels

NAMES = ("circle", "square", "triangle", "star", "ring", "cross", "hexagon", "crescent")

SUBPIXEL = 4
"""OpenCV's drawing takes coordinates in 1/16 pixel when it is told a shift of 4."""


@dataclass(frozen=True)
class ShapeGeometry:
    """Where a shape lies, in pixels; angle in radians; slim in 0..1 varies its proportions."""

    kind: int
    x: float
    y: float
    radius: float
    angle: float
    slim: float


def coverage(shape: ShapeGeometry, width: int, height: int) -> Pixels:
    """How much of each pixel the shape covers, 0 to 255, (height, width)."""
    mask = np.zeros((height, width), np.uint8)
    name = NAMES[shape.kind]
    if name in ("circle", "ring", "crescent"):
        _disc(mask, shape.x, shape.y, shape.radius, 255)
    else:
        _polygon(mask, shape, corners(name, shape.slim))
    if name == "ring":
        _disc(mask, shape.x, shape.y, shape.radius * (0.42 + 0.26 * shape.slim), 0)
    if name == "crescent":
        away = (0.4 + 0.16 * shape.slim) * shape.radius
        x, y = shape.x + away * math.cos(shape.angle), shape.y + away * math.sin(shape.angle)
        _disc(mask, x, y, shape.radius * 0.82, 0)
    return mask


def corners(name: str, slim: float) -> Floats:
    """Corners of a polygon in a circle of radius 1 around 0, (n, 2)."""
    if name == "cross":
        arm = 0.24 + 0.16 * slim
        quarter = np.array([(arm, -arm), (1, -arm), (1, arm)]) / math.hypot(1, arm)
        right = np.array([(0, 1), (-1, 0)])
        return np.concatenate([quarter @ np.linalg.matrix_power(right, n) for n in range(4)])
    count = {"square": 4, "triangle": 3, "star": 10, "hexagon": 6}[name]
    angles = 2 * math.pi * np.arange(count) / count
    radii = np.ones(count)
    if name == "star":
        radii[1::2] = 0.36 + 0.16 * slim
    return radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _polygon(mask: Pixels, shape: ShapeGeometry, points: Floats) -> None:
    sine, cosine = math.sin(shape.angle), math.cos(shape.angle)
    rotated = points @ np.array([(cosine, sine), (-sine, cosine)])
    moved = rotated * shape.radius + (shape.x, shape.y)
    fixed = np.round(moved * (1 << SUBPIXEL)).astype(np.int32)
    cv2.fillPoly(mask, [fixed], (255,), cv2.LINE_AA, SUBPIXEL)


def _disc(mask: Pixels, x: float, y: float, radius: float, value: int) -> None:
    fixed = [round(number * (1 << SUBPIXEL)) for number in (x, y, radius)]
    cv2.circle(mask, (fixed[0], fixed[1]), fixed[2], (value,), cv2.FILLED, cv2.LINE_AA, SUBPIXEL)
