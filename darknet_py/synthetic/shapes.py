"""Drawn images of eight shapes with their boxes: a data set that costs nothing and is ours."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from darknet_py.options.datasets import ShapesOptions
from darknet_py.synthetic.backdrop import (
    Canvas,
    Floats,
    Pixels,
    background,
    finish,
    greyed,
    random_colour,
)

NAMES = ("circle", "square", "triangle", "star", "ring", "cross", "hexagon", "crescent")

MOST_SHAPES = 14
SMALLEST: float = ShapesOptions.smallest
"""Least radius in pixels."""
LARGEST = 0.28
"""Greatest radius as a part of the image's shorter side."""
LEAST_VISIBLE: float = ShapesOptions.visible
"""A shape that would hide more than the rest of an earlier one is not drawn."""
APART = 0.03
"""In images without crowds a shape covers others with at most this part of itself."""
SUBPIXEL = 4
"""OpenCV's drawing takes coordinates in 1/16 pixel when it is told a shift of 4."""
INSIDE = 127
"""A pixel is the shape's when the shape covers over half of it."""


@dataclass(frozen=True)
class Shape:
    """Where a shape lies, in pixels; angle in radians; slim in 0..1 varies its proportions."""

    kind: int
    x: float
    y: float
    radius: float
    angle: float
    slim: float


@dataclass(frozen=True)
class Look:
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
class Placed:
    """A shape with how much of each pixel it covers, 0 to 255."""

    shape: Shape
    look: Look
    cover: Pixels

    @property
    def mask(self) -> NDArray[np.bool_]:
        return self.cover > INSIDE


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


def labels(placed: list[Placed], owner: NDArray[np.int32]) -> NDArray[np.float32]:
    """(K, 5) class x y w h of what each shape still owns of the image."""
    height, width = owner.shape
    rows = [(one.shape.kind, *visible_box(owner == i)) for i, one in enumerate(placed)]
    found = np.array(rows, np.float64).reshape(-1, 5)
    kinds, low, high = found[:, :1], found[:, 1:3], found[:, 3:]
    size = (width, height)
    return np.hstack([kinds, (low + high) / 2 / size, (high - low) / size]).astype(np.float32)


def visible_box(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of a mask in pixels, right and bottom exclusive."""
    columns, rows = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


# Where the shapes go


def scatter(
    rng: Generator,
    canvas: Canvas,
    grey: bool,
    smallest: float = SMALLEST,
    visible: float = LEAST_VISIBLE,
) -> tuple[list[Placed], NDArray[np.int32]]:
    """Shapes in drawing order, and which of them (or -1) each pixel shows."""
    height, width = canvas.shape[:2]
    owner = np.full((height, width), -1, np.int32)
    placed: list[Placed] = []
    crowded = rng.random() < 0.5
    largest = LARGEST * min(width, height) * rng.uniform(0.35, 1)
    for _ in range(int(rng.integers(1, MOST_SHAPES + 1)) * 2):
        shape = _random_shape(rng, (width, height), (smallest, largest), placed)
        cover = coverage(shape, width, height)
        if not _fits(cover > INSIDE, owner, placed, None if crowded else APART, visible):
            continue
        look = _random_look(rng, shape, _mean_under(canvas, cover), grey)
        one = Placed(shape, look, cover)
        owner[one.mask] = len(placed)
        placed.append(one)
        if len(placed) == MOST_SHAPES:
            break
    return placed, owner


def _random_shape(
    rng: Generator, size: tuple[int, int], radii: tuple[float, float], placed: list[Placed]
) -> Shape:
    smallest, largest = radii
    radius = smallest * max(1.0, largest / smallest) ** rng.random()
    # A little of a shape may lie outside of the image.
    x, y = (rng.uniform(0.8 * radius, side - 0.8 * radius) for side in size)
    if placed and rng.random() < 0.1:
        # Rings with something in them and shapes on shapes would be too rare by chance.
        around = placed[int(rng.integers(len(placed)))].shape
        x, y, radius = around.x, around.y, min(radius, 0.45 * around.radius)
        radius = max(radius, smallest)
    kind = int(rng.integers(len(NAMES)))
    return Shape(kind, x, y, radius, rng.uniform(0, 2 * math.pi), rng.random())


def _fits(
    mask: NDArray[np.bool_],
    owner: NDArray[np.int32],
    placed: list[Placed],
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


def coverage(shape: Shape, width: int, height: int) -> Pixels:
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


def _polygon(mask: Pixels, shape: Shape, points: Floats) -> None:
    sine, cosine = math.sin(shape.angle), math.cos(shape.angle)
    turned = points @ np.array([(cosine, sine), (-sine, cosine)])
    moved = turned * shape.radius + (shape.x, shape.y)
    fixed = np.round(moved * (1 << SUBPIXEL)).astype(np.int32)
    cv2.fillPoly(mask, [fixed], (255,), cv2.LINE_AA, SUBPIXEL)


def _disc(mask: Pixels, x: float, y: float, radius: float, value: int) -> None:
    fixed = [round(number * (1 << SUBPIXEL)) for number in (x, y, radius)]
    cv2.circle(mask, (fixed[0], fixed[1]), fixed[2], (value,), cv2.FILLED, cv2.LINE_AA, SUBPIXEL)


# What the shapes look like


def _random_look(rng: Generator, shape: Shape, under: Floats, grey: bool) -> Look:
    def sometimes(chance: float, low: float, high: float) -> float:
        return float(rng.uniform(low, high)) if rng.random() < chance else 0.0

    colour = _visible_colour(rng, under, grey)
    # A hollow circle would be a ring, and small hollow shapes are hardly there.
    hollow = NAMES[shape.kind] not in ("circle", "ring", "crescent") and shape.radius > 24
    return Look(
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


def paint(canvas: Canvas, placed: Placed) -> None:
    """Paint a shape over the canvas, its shadow first."""
    window = _window(placed.shape, canvas)
    part, cover = canvas[window], placed.cover[window] / np.float32(255)
    if placed.look.hollow:
        cover = _border(cover, 0.2 * placed.shape.radius)
    if placed.look.shadow:
        part *= 1 - placed.look.shadow * _shadow(cover, placed)[..., None]
    colours = _colours(placed, window, cover)
    part += (np.clip(colours, 0, 255) - part) * cover[..., None]


def _window(shape: Shape, canvas: Canvas) -> tuple[slice, slice]:
    """Rows and columns that the shape and its shadow can reach."""
    reach = 1.5 * shape.radius + 12
    height, width = canvas.shape[:2]
    rows, columns = (
        slice(max(0, int(middle - reach)), min(size, int(middle + reach) + 1))
        for middle, size in ((shape.y, height), (shape.x, width))
    )
    return rows, columns


def _colours(placed: Placed, window: tuple[slice, slice], cover: Canvas) -> Canvas:
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


def _shadow(cover: Canvas, placed: Placed) -> Canvas:
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
