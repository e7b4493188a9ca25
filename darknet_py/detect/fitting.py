"""Darknet's resize and letterbox on numpy arrays: reading threads run it, while torch has the rest.

Torch's own threads would fight those of the network for the cores, and numpy is there before torch.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from darknet_py.detect.geometry import Placement
from darknet_py.detect.reading import Pixels, with_channels

Planes = npt.NDArray[np.float32]
Array = npt.NDArray[Any]

GREY = np.float32(0.5)


def fit(pixels: Pixels, channels: int, width: int, height: int, letter_box: bool) -> Planes:
    """The network's input (channels, height, width) in [0, 1] of a uint8 picture.

    pixels: (H, W, 1 or 3) grey or RGB; turned into the other when `channels` asks for it.

    Raises ImageError when the channels do not fit.
    """
    planes = cv2.split(with_channels(pixels, channels))
    if letter_box:
        return letterboxed(planes, width, height, 255)
    out = np.empty((len(planes), height, width), np.float32)
    _resample(planes, out, 255)
    return out


def resized(planes: Array, width: int, height: int) -> Planes:
    """(C, height, width) of planes (C, H, W), interpolated between corner pixels."""
    out = np.empty((len(planes), height, width), np.float32)
    _resample(planes, out, 1)
    return out


def letterboxed(planes: Array | Any, width: int, height: int, white: float) -> Planes:
    """(C, height, width) in [0, 1]: all of the planes (C, H, W) in [0, white], centred on grey."""
    rows, columns = planes[0].shape
    place = Placement(columns, rows, width, height, letter_box=True)
    inner_width, inner_height = place.scaled
    left, top = place.offset
    canvas = np.full((len(planes), height, width), GREY)
    inner = canvas[:, top : top + inner_height, left : left + inner_width]
    _resample(planes, inner, white)
    return canvas


def _resample(planes: Array | Any, out: Planes, white: float) -> None:
    """Fill `out` (C, h, w) from planes (C, H, W), divided by `white`.

    Rows come first, so that a large uint8 picture is never converted as a whole; Darknet takes
    columns first, which differs by rounding only.
    """
    for plane, target in zip(planes, out, strict=True):
        rows = _resample_rows(plane, target.shape[0])
        _resample_columns(rows, target)
        if white != 1:
            target /= np.float32(white)


def _resample_rows(plane: Array, height: int) -> Planes:
    """Float32 (height, W) of a plane (H, W)."""
    if plane.shape[0] == height:
        return plane.astype(np.float32)
    upper, fraction = _places(plane.shape[0], height)
    lower = np.minimum(upper + 1, plane.shape[0] - 1)
    # Darknet never adds the lower neighbour to the last row.  Where rounding puts that row just
    # above the last of the picture (640 rows to 288), it comes out nearly black.
    last = 1 - fraction[-1]
    fraction[-1] = 0
    rows = _between(plane[upper].astype(np.float32), plane[lower], fraction[:, None])
    rows[-1] *= last
    return rows


def _resample_columns(rows: Planes, out: Planes) -> None:
    """Fill `out` (H, w) from rows (H, W)."""
    width = out.shape[1]
    if rows.shape[1] == width:
        out[:] = rows
        return
    left, fraction = _places(rows.shape[1], width)
    right = np.minimum(left + 1, rows.shape[1] - 1)
    out[:] = _between(rows.take(left, axis=1), rows.take(right, axis=1), fraction)
    # Darknet takes the last column as it is; computed, it could miss by the rounding of its place.
    out[:, -1] = rows[:, -1]


def _between(first: Planes, second: Array, fraction: Planes) -> Planes:
    """first + fraction * (second - first), made in the memory of `first`."""
    difference = second - first
    difference *= fraction
    first += difference
    return first


def _places(size: int, wanted: int) -> tuple[npt.NDArray[np.int64], Planes]:
    """Source row above each wanted row, and how far below it the wanted row lies, in [0, 1)."""
    if wanted == 1:
        # Darknet divides by 0 here; its rule for a single column, the last pixel, is used.
        return np.array([size - 1]), np.zeros(1, np.float32)
    step = np.float32(size - 1) / np.float32(wanted - 1)
    place = np.arange(wanted, dtype=np.float32) * step
    upper = np.minimum(place.astype(np.int64), size - 1)
    return upper, place - upper.astype(np.float32)
