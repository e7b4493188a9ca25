"""Mosaic of four augmented images around a random point, as AlexeyAB's program makes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from darknet_py.augment.pixels import CropMargins, Pixels, Window

Floats = NDArray[np.float32]

TILES = ((0, 0), (1, 0), (0, 1), (1, 1))
"""Column and row of each image's tile, in the order they are drawn."""
LEAST_CUT = 0.2
"""Least part of the sides each tile gets."""


@dataclass(frozen=True)
class MosaicTile:
    """x, y: left and top of a tile in the mosaic; window: the part of its image it shows."""

    x: int
    y: int
    window: Window


def random_cut(rng: Generator, width: int, height: int) -> tuple[int, int]:
    """The point where the four images meet."""
    bounds = [(int(side * LEAST_CUT), int(side * (1 - LEAST_CUT))) for side in (width, height)]
    x, y = (int(rng.integers(low, high + 1)) for low, high in bounds)
    return x, y


def to_corner(crop: CropMargins, number: int, flip: bool) -> CropMargins:
    """The crop moved so that most of what its tile shows is image: margins go outwards."""
    column, row = TILES[number]
    left, right = crop.left + crop.right, 0
    if (column == 0) != flip:
        left, right = right, left
    top, bottom = crop.top + crop.bottom, 0
    if row == 0:
        top, bottom = bottom, top
    return CropMargins(left, right, top, bottom, crop.width, crop.height)


def tile(
    crop: CropMargins, flip: bool, number: int, cut: tuple[int, int], size: tuple[int, int]
) -> MosaicTile:
    """The tile of image `number`: it shows the side of the image next to the others.

    Margins without image on that side are left out as far as they go. size: of the input.
    """
    (column, row), (width, height) = TILES[number], size
    left, right = (crop.right, crop.left) if flip else (crop.left, crop.right)
    x, wide, from_x = _span(column, cut[0], width, left, right, crop.width)
    y, high, from_y = _span(row, cut[1], height, crop.top, crop.bottom, crop.height)
    return MosaicTile(x, y, Window(from_x, from_y, wide, high))


def _span(
    second: int, cut: int, side: int, before: int, after: int, whole: int
) -> tuple[int, int, int]:
    """Start and length of a tile along an axis, and where it starts in its image."""
    if second:
        return cut, side - cut, min(cut, max(0, int(-before * side / whole)))
    return 0, cut, side - cut - min(side - cut, max(0, int(-after * side / whole)))


def paste(canvas: Pixels, pixels: Pixels, part: MosaicTile) -> None:
    """Put the pixels of a tile into the mosaic."""
    part.window._replace(x=part.x, y=part.y).of(canvas)[:] = pixels


def labels_in_mosaic(
    labels: Floats, part: MosaicTile, size: tuple[int, int], bound: bool
) -> Floats:
    """Labels (K, 5) of an image as they lie in the mosaic, cut to it, or to the tile if bound.

    Darknet's whole pixels are kept: edges are cut towards zero before they are compared.
    """
    whole = np.array(size, np.float32)
    move = np.array([part.x - part.window.x, part.y - part.window.y], np.float32) / whole
    centre, side = labels[:, 1:3] + move, labels[:, 3:5]
    cut = _to_tile if bound else _to_image
    centre, side = cut(centre, side, part, whole)
    low, high = _edges(centre, side, whole)
    kept = (low >= 0).all(1) & (high <= whole).all(1) & ((centre > 0) & (centre < 1)).all(1)
    kept &= ((side < 1) & (side > 1 / whole)).all(1)
    return np.hstack([labels[:, :1], centre, side, labels[:, 5:]])[kept].astype(np.float32)


def _edges(centre: Floats, side: Floats, whole: Floats) -> tuple[Floats, Floats]:
    low, high = np.trunc((centre - side / 2) * whole), np.trunc((centre + side / 2) * whole)
    return low.astype(np.float32), high.astype(np.float32)


def _to_tile(
    centre: Floats, side: Floats, part: MosaicTile, whole: Floats
) -> tuple[Floats, Floats]:
    low, high = _edges(centre, side, whole)
    corner = np.array([part.x, part.y], np.float32)
    low = np.maximum(low, corner)
    high = np.minimum(high, corner + np.array(part.window[2:], np.float32))
    new_centre, new_side = (low + high) / 2 / whole, (high - low) / whole
    return new_centre.astype(np.float32), new_side.astype(np.float32)


def _to_image(
    centre: Floats, side: Floats, part: MosaicTile, whole: Floats
) -> tuple[Floats, Floats]:
    low, high = _edges(centre, side, whole)
    before, after = np.minimum(low, 0) / whole, np.maximum(high - whole, 0) / whole
    return centre - before / 2 - after / 2, side + before - after
