"""What shapes look like: random paints, and shapes painted over a canvas."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from darknet_py.synthetic.backdrop import Canvas, Floats, Pixels, random_colour
from darknet_py.synthetic.shapes import NAMES, ShapeGeometry

INSIDE = 127
"""A pixel is the shape's when the shape covers more than half of it."""


@dataclass(frozen=True)
class ShapeLook:
    """How a shape is painted: blue, green, red in 0..255, the rest as parts of 1 (0: none)."""

    colour: Floats
    second: Floats
    shading: float
    split: float
    outline: float
    hollow: bool
    shadow: float
    rim: float
    grain: float
    light: float


@dataclass(frozen=True)
class PlacedShape:
    """A shape with how much of each pixel it covers, 0 to 255."""

    shape: ShapeGeometry
    look: ShapeLook
    cover: Pixels

    @property
    def mask(self) -> NDArray[np.bool_]:
        return self.cover > INSIDE


def random_look(
    rng: Generator, shape: ShapeGeometry, canvas: Canvas, cover: Pixels, grey: bool
) -> ShapeLook:
    """A look whose colours stand out from what lies under the shape."""

    def sometimes(probability: float, low: float, high: float) -> float:
        return float(rng.uniform(low, high)) if rng.random() < probability else 0.0

    under = _mean_under(canvas, cover)
    colour = _visible_colour(rng, under, grey)
    # A hollow circle would be a ring, and small hollow shapes are hardly there.
    hollow = NAMES[shape.kind] not in ("circle", "ring", "crescent") and shape.radius > 24
    return ShapeLook(
        colour=colour,
        second=_visible_colour(rng, under, grey),
        shading=sometimes(0.6, 0.05, 0.3),
        split=sometimes(0.12, 0.25, 0.75),
        outline=sometimes(0.25, 0.05, 0.14),
        hollow=hollow and rng.random() < 0.08,
        shadow=sometimes(0.5, 0.1, 0.5),
        rim=sometimes(0.4, 10, 60),
        grain=sometimes(0.15, 4, 18),
        light=float(rng.uniform(0, 2 * math.pi)),
    )


def _visible_colour(rng: Generator, under: Floats, grey: bool) -> Floats:
    """The first of a few random colours that stands out from what lies under it, else the best."""
    tries = np.stack([random_colour(rng, grey) for _ in range(6)])
    contrast = np.linalg.norm(tries - under, axis=1)
    enough = np.flatnonzero(contrast > 80)
    return np.asarray(tries[enough[0] if len(enough) else int(contrast.argmax())], np.float64)


def _mean_under(canvas: Canvas, cover: Pixels) -> Floats:
    return np.array(cv2.mean(canvas, mask=cover)[:3])


def paint(canvas: Canvas, placed: PlacedShape) -> None:
    """Paint a shape over the canvas, its shadow first."""
    window = _window(placed.shape, canvas)
    part, cover = canvas[window], placed.cover[window] / np.float32(255)
    if placed.look.hollow:
        cover = _border(cover, 0.2 * placed.shape.radius)
    if placed.look.shadow:
        part *= 1 - placed.look.shadow * _shadow(cover, placed)[..., None]
    colours = _colours(placed, window, cover)
    part += (np.clip(colours, 0, 255) - part) * cover[..., None]


def _window(shape: ShapeGeometry, canvas: Canvas) -> tuple[slice, slice]:
    """Rows and columns that the shape and its shadow can reach."""
    margin = 1.5 * shape.radius + 12
    height, width = canvas.shape[:2]
    rows, columns = (
        slice(max(0, int(middle - margin)), min(size, int(middle + margin) + 1))
        for middle, size in ((shape.y, height), (shape.x, width))
    )
    return rows, columns


def _colours(placed: PlacedShape, window: tuple[slice, slice], cover: Canvas) -> Canvas:
    """Colour of each pixel of the window if the shape covered it, (h, w, 3)."""
    shape, look = placed.shape, placed.look
    y, x = np.ogrid[window]
    slope = math.cos(look.light) * (x - shape.x) + math.sin(look.light) * (y - shape.y)
    slope = slope / shape.radius
    colours = np.empty((*cover.shape, 3), np.float32)
    colours[:] = look.colour
    if look.split:
        colours[slope > 2 * look.split - 1] = look.second
    colours *= (1 + look.shading * np.clip(slope, -1.2, 1.2)).astype(np.float32)[..., None]
    if look.outline:
        border = _border(cover, look.outline * shape.radius)[..., None]
        colours += (look.second.astype(np.float32) - colours) * border
    if look.rim:
        colours += look.rim * _rim(cover, look.light)[..., None]
    if look.grain:
        colours += look.grain * _grain(cover.shape)[..., None]
    return colours


def _border(cover: Canvas, thickness: float) -> Canvas:
    """The outer pixels of a shape."""
    size = 2 * max(1, round(thickness)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return np.asarray(cover - cv2.erode(cover, disc), np.float32)


def _rim(cover: Canvas, light: float) -> Canvas:
    """The edges that face the light, as if the shape were thick."""
    move = np.array([(1, 0, -2 * math.cos(light)), (0, 1, -2 * math.sin(light))])
    shifted = cv2.warpAffine(cover, move, cover.shape[::-1])
    return cv2.GaussianBlur(np.clip(cover - shifted, 0, 1), (0, 0), 0.8).astype(np.float32)


def _shadow(cover: Canvas, placed: PlacedShape) -> Canvas:
    radius = placed.shape.radius
    along = 0.05 * radius + 1.5
    light = placed.look.light
    move = np.array([(1, 0, -along * math.cos(light)), (0, 1, -along * math.sin(light))])
    shifted = cv2.warpAffine(cover, move, cover.shape[::-1])
    return cv2.GaussianBlur(shifted, (0, 0), 0.05 * radius + 1).astype(np.float32)


def _grain(shape: tuple[int, ...]) -> Canvas:
    """A woven pattern of -1 and 1."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    return (((x // 2 + y // 2) % 2) * 2.0 - 1.0).astype(np.float32)
