"""darknet.py's functions that make, fill, read and change an IMAGE."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np

from darknet_py.compat.arguments import Path, path_text, required, whole
from darknet_py.compat.dialects import BEFORE_2020_04, HANK, notice, present_dialect
from darknet_py.compat.float_memory import Floats
from darknet_py.compat.structures import IMAGE
from darknet_py.errors import DarknetError
from darknet_py.forks import Fork
from darknet_py.images.io import Pixels, read_image
from darknet_py.images.resize import letterboxed, resized

MOST_NUMBERS = 1 << 31
"""Of an image that is made or asked for: 8 GiB."""
COLOUR = 3


def make_image(w: int, h: int, c: int) -> IMAGE:
    """A black image of this width, height and number of channels.

    Raises TypeError, ValueError for sizes that no image has.
    """
    return IMAGE.of(np.zeros(_shape(w, h, c), np.float32))


def copy_image_from_bytes(im: IMAGE, pdata: bytes) -> None:
    """Fill an image with bytes (h, w, c), as `array.tobytes()` gives them of uint8; 255 becomes 1.

    Raises TypeError for what is no bytes, DarknetError for more or fewer than the image has.
    """
    target = _image(im).chw()
    if not isinstance(pdata, (bytes, bytearray, memoryview)):
        got = type(pdata).__name__
        raise TypeError(f"pdata: expected bytes, got {got}; use array.tobytes()")
    values = np.frombuffer(pdata, np.uint8)
    if values.size != target.size:
        message = f"{values.size} bytes do not fill {im!r}, expected {target.size}"
        raise DarknetError(f"{message}: uint8, rows of pixels of {im.c} values")
    _fill(target, values.reshape(im.h, im.w, im.c))


def array_to_image(arr: Any) -> tuple[IMAGE, Floats]:
    """The image of an array (h, w, c) of 0 to 255, and the numbers it lies on, (c * h * w,)."""
    notice(BEFORE_2020_04)
    pixels = np.asarray(arr)
    if pixels.ndim != 3:
        raise TypeError(f"arr: expected an array (h, w, c), got one of shape {pixels.shape}")
    chw = np.ascontiguousarray(pixels.transpose(2, 0, 1), np.float32) / np.float32(255)
    return IMAGE.of(chw), chw.reshape(-1)


def load_image(path: Path, w: int, h: int, c: int | None = None) -> IMAGE:
    """An image file, RGB, resized to w x h unless one of these is 0.

    c: channels, in hank-ai's darknet.py only, whose resizing is in whole byte values; 0 for 3.
    Raises ImageError.
    """
    if c is not None:
        notice(HANK)
    dialect, channels = present_dialect(), COLOUR if c is None else whole(c, "c") or COLOUR
    width, height = whole(w, "w"), whole(h, "h")
    pixels = read_image(path_text(path, "path"), channels, dialect.fork.images.upright)
    if not (width and height) or pixels.shape[:2] == (height, width):
        return _of_pixels(pixels)
    sides = _sides(width, height)
    if not dialect.bytewise_images:
        return IMAGE.of(resized(_of_pixels(pixels).chw(), *sides))
    made = cv2.resize(pixels, sides, interpolation=cv2.INTER_LINEAR_EXACT)
    return _of_pixels(np.asarray(made, np.uint8).reshape(height, width, -1))


def image_for(path: Path, fork: Fork) -> IMAGE:
    """An image file as the network of a fork sees it, RGB. Raises ImageError."""
    return _of_pixels(read_image(path_text(path, "image"), COLOUR, fork.images.upright))


def letterbox_image(im: IMAGE, w: int, h: int) -> IMAGE:
    """All of an image in the middle of a grey one of this size."""
    sides = whole(w, "w"), whole(h, "h")
    return IMAGE.of(letterboxed(_image(im).chw(), *_sides(*sides)))


def rgbgr_image(im: IMAGE) -> None:
    """Exchange red and blue, in place."""
    chw = _image(im).chw()
    if len(chw) < COLOUR:
        raise DarknetError(f"{im!r} has {im.c} channels, expected 3: red, green and blue")
    chw[[0, 2]] = chw[[2, 0]]


def free_image(im: IMAGE) -> None:
    """Let the memory of an image go at once; it cannot be used any more."""
    _image(im).free()


def _image(im: Any) -> IMAGE:
    image: IMAGE = required(im, IMAGE, "im", "make_image, load_image or IMAGE")
    return image


def _of_pixels(pixels: Pixels) -> IMAGE:
    """An image of uint8 (h, w, c)."""
    h, w, c = pixels.shape
    chw = np.empty((c, h, w), np.float32)
    _fill(chw, pixels)
    return IMAGE.of(chw)


def _fill(target: Floats, pixels: Pixels) -> None:
    """target: (c, h, w), gets uint8 pixels (h, w, c)."""
    for channel, plane in enumerate(target):
        np.divide(pixels[..., channel], np.float32(255), out=plane, dtype=np.float32)


def _sides(width: int, height: int) -> tuple[int, int]:
    _shape(width, height, 1)
    return width, height


def _shape(w: int, h: int, c: int) -> tuple[int, int, int]:
    shape = whole(c, "c"), whole(h, "h"), whole(w, "w")
    if min(shape) < 1 or math.prod(shape) > MOST_NUMBERS:
        what = f"expected from 1 to {MOST_NUMBERS} numbers"
        raise ValueError(f"w, h, c: {what} in all, got {shape[2]} x {shape[1]} x {shape[0]}")
    return shape
