"""Darknet's resize and letterbox on numpy arrays: reading threads run it, while torch has the rest.

Torch's own threads would fight those of the network for the cores, and numpy is there before torch.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from darknet_py.images.io import Pixels, with_channels
from darknet_py.images.letterbox import Placement

Floats = npt.NDArray[np.float32]
Array = npt.NDArray[Any]
Indices = npt.NDArray[np.int64]

GREY = np.float32(0.5)
PACKING = {
    ("rgb", 3): cv2.COLOR_RGB2RGBA,
    ("bgr", 3): cv2.COLOR_BGR2RGBA,
    ("bgr", 4): cv2.COLOR_BGRA2RGBA,
}
"""Four bytes of a pixel are moved as one number, which takes a third of the time of three."""
SWAPPED = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}
BLOCK_BYTES = 1 << 20
"""Rows that are interpolated together should stay in the processor's cache."""


def fit(
    pixels: Pixels, channels: int, width: int, height: int, letter_box: bool, order: str = "rgb"
) -> Floats:
    """The network's input (channels, height, width) in [0, 1] of a uint8 image.

    pixels: (H, W, 1, 3 or 4), grey or with its colours in this order (rgb, bgr) and perhaps alpha;
    turned into what `channels` asks for. The input is RGB, and channels last in memory, as
    convolutions want it.

    Raises ImageError when the channels do not fit.
    """
    pixels = with_channels(pixels, channels, order)
    rows, columns, depth = pixels.shape
    placement = Placement(columns, rows, width, height, letter_box)
    canvas = np.empty((height, width, depth), np.float32)
    if letter_box:
        canvas[:] = GREY
    _resample(pixels, _inside(canvas, placement), order)
    return canvas.transpose(2, 0, 1)


def stretched(pixels: Pixels, width: int, height: int) -> Pixels:
    """uint8 (height, width, C): an image (H, W, C) resized by OpenCV, linearly in byte values."""
    made = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    return made if made.ndim == 3 else made[..., None]


def resized(chw: Floats, width: int, height: int) -> Floats:
    """(C, height, width) of an image (C, H, W), interpolated between corner pixels."""
    out = np.empty((len(chw), height, width), np.float32)
    for channel, target in zip(chw, out, strict=True):
        _resample(channel[..., None], target[..., None])
    return out


def letterboxed(chw: Floats, width: int, height: int) -> Floats:
    """(C, height, width): all of an image (C, H, W) in [0, 1], centred on grey."""
    rows, columns = chw[0].shape
    placement = Placement(columns, rows, width, height, letter_box=True)
    out = np.full((len(chw), height, width), GREY)
    for channel, target in zip(chw, out, strict=True):
        _resample(channel[..., None], _inside(target[..., None], placement))
    return out


def _inside(canvas: Floats, placement: Placement) -> Floats:
    """The part of a canvas (h, w, C) that the image covers."""
    (width, height), (left, top) = placement.scaled, placement.offset
    return canvas[top : top + height, left : left + width]


def _resample(pixels: Array, out: Floats, order: str = "rgb") -> None:
    """Fill `out` (h, w, C) from pixels (H, W, C), 255 of uint8 becoming 1."""
    rows, columns, depth = pixels.shape
    height, width = out.shape[:2]
    if (rows, columns) == (height, width):
        _copy(pixels, out, order)
        return
    packed = 1 if depth == 1 else 4
    plan = _plan(rows, columns, height, width, packed)
    for block in plan.blocks:
        values = _between_columns(_items(pixels, block, order), plan, packed, pixels.dtype)
        fitted = _between_rows(values, block)
        if pixels.dtype == np.uint8:
            fitted /= np.float32(255)
        target = out[block.rows]
        if depth == 3:
            shaped = fitted.reshape(len(fitted), width, 4)
            cv2.cvtColor(shaped, cv2.COLOR_RGBA2RGB, dst=target)
        else:
            target[:] = fitted.reshape(target.shape)


def _copy(pixels: Array, out: Floats, order: str) -> None:
    """The same for an image of the size of `out`, where interpolation changes no value."""
    depth = pixels.shape[2]
    if order == "bgr" and depth > 1:
        pixels = cv2.cvtColor(pixels, SWAPPED[depth])
    scale = 255 if pixels.dtype == np.uint8 else 1
    np.divide(pixels, np.float32(scale), out=out, dtype=np.float32)


def _items(pixels: Array, block: _Block, order: str) -> Array:
    """The source rows (R, W) of a block, a pixel a number."""
    _, columns, depth = pixels.shape
    shape = (len(block.needed), columns)
    rows = _scratch("rows", (*shape, depth), pixels.dtype)
    pixels.take(block.needed, axis=0, out=rows, mode="clip")
    if depth == 1:
        return rows[..., 0]
    if (order, depth) not in PACKING:
        return rows.view(np.uint32)[..., 0]
    packed = _scratch("packed", (*shape, 4), np.uint8)
    cv2.cvtColor(rows, PACKING[order, depth], dst=packed)
    return packed.view(np.uint32)[..., 0]


def _between_columns(items: Array, plan: _Plan, packed: int, kind: npt.DTypeLike) -> Floats:
    """Float32 (R, w * packed) of source rows (R, W), a row's pixels side by side."""
    shape = (len(items), len(plan.left))
    taken = _scratch("taken", shape, items.dtype)
    wide = (shape[0], shape[1] * packed)
    left, right = _scratch("left", wide, np.float32), _scratch("right", wide, np.float32)
    for side, source in ((left, plan.left), (right, plan.right)):
        items.take(source, axis=1, out=taken, mode="clip")
        np.copyto(side, taken.view(kind))
    return _between(left, right, plan.across)


def _between_rows(values: Floats, block: _Block) -> Floats:
    """The rows (k, w * packed) of a block, from those it needs."""
    shape = (len(block.upper), values.shape[1])
    upper, lower = _scratch("upper", shape, np.float32), _scratch("lower", shape, np.float32)
    values.take(block.upper, axis=0, out=upper, mode="clip")
    values.take(block.lower, axis=0, out=lower, mode="clip")
    upper = _between(upper, lower, block.down)
    if block.last != 1:
        upper[-1] *= block.last
    return upper


def _between(first: Floats, second: Floats, fraction: Floats) -> Floats:
    """first + fraction * (second - first), made in the memory of `first`."""
    second -= first
    second *= fraction
    first += second
    return first


@dataclass(frozen=True, eq=False)
class _Block:
    """Rows of the result that are made together.

    needed: (R,) the source rows they lie between. upper, lower: (k,) indices into `needed`. down:
    (k, 1) how far below the upper one a row lies. last: what the block's last row is multiplied by.
    """

    rows: slice
    needed: Indices
    upper: Indices
    lower: Indices
    down: Floats
    last: np.float32


@dataclass(frozen=True, eq=False)
class _Plan:
    """left, right: (w,) source columns; across: (w * packed,) how far from the left one."""

    left: Indices
    right: Indices
    across: Floats
    blocks: tuple[_Block, ...]


@lru_cache(64)
def _plan(rows: int, columns: int, height: int, width: int, packed: int) -> _Plan:
    left, fraction = _source_pixels(columns, width)
    # Darknet takes the last column as it is; computed, it could miss by rounding.
    left[-1], fraction[-1] = columns - 1, 0
    right = np.minimum(left + 1, columns - 1)
    step = max(1, BLOCK_BYTES // (2 * 4 * packed * width))
    blocks = tuple(_blocks(rows, height, step))
    return _Plan(left, right, np.repeat(fraction, packed), blocks)


def _blocks(size: int, count: int, step: int) -> list[_Block]:
    upper, fraction = _source_pixels(size, count)
    lower = np.minimum(upper + 1, size - 1)
    # Darknet never adds the lower neighbour to the last row.  Where rounding puts that row just
    # above the last of the image (640 rows to 288), it comes out nearly black.
    factor = 1 - fraction[-1]
    fraction[-1] = 0
    blocks = []
    for start in range(0, count, step):
        rows = slice(start, min(count, start + step))
        pairs = np.concatenate((upper[rows], lower[rows]))
        needed, index = np.unique(pairs, return_inverse=True)
        above, below = np.split(index.astype(np.int64), 2)
        last = factor if rows.stop == count else np.float32(1)
        blocks.append(_Block(rows, needed, above, below, fraction[rows, None], last))
    return blocks


def _source_pixels(size: int, count: int) -> tuple[Indices, Floats]:
    """The source row above each of `count` rows, and how far below it that one lies, in [0, 1)."""
    if count == 1:
        # Darknet divides by 0 here; its rule for a single column, the last pixel, is used.
        return np.array([size - 1]), np.zeros(1, np.float32)
    step = np.float32(size - 1) / np.float32(count - 1)
    position = np.arange(count, dtype=np.float32) * step
    upper = np.minimum(position.astype(np.int64), size - 1)
    return upper, position - upper.astype(np.float32)


class _Memory(threading.local):
    """Arrays a thread uses again for every image: fresh memory costs more than the arithmetic."""

    def __init__(self) -> None:
        self.blocks: dict[str, npt.NDArray[np.uint8]] = {}


_memory = _Memory()


def _scratch(name: str, shape: tuple[int, ...], kind: npt.DTypeLike) -> Array:
    """An array of this thread with whatever it held before."""
    size = math.prod(shape) * np.dtype(kind).itemsize
    block = _memory.blocks.get(name)
    if block is None or len(block) < size:
        block = _memory.blocks[name] = np.empty(size, np.uint8)
    return block[:size].view(kind).reshape(shape)
