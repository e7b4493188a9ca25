"""PIL's images as sources, without importing PIL: whoever has one has it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from darknet_py.errors import ImageError
from darknet_py.images.exif import ORIENTATION_TAG
from darknet_py.images.frames import PendingFrame
from darknet_py.images.io import Pixels, bgr_pixels, upright

BGR_ORDER = {3: [2, 1, 0], 4: [2, 1, 0, 3]}
SAME, COLOURS, ALPHA = "", "RGB", "RGBA"
MODES = {
    "1": "L",
    "L": SAME,
    "RGB": SAME,
    "RGBA": SAME,
    "I;16": SAME,
    "I;16L": SAME,
    "I;16B": SAME,
    "I;16N": SAME,
    "I": SAME,
    "F": SAME,
    "LA": ALPHA,
    "La": ALPHA,
    "PA": ALPHA,
    "RGBa": ALPHA,
    "RGBX": COLOURS,
    "CMYK": COLOURS,
    "YCbCr": COLOURS,
    "LAB": COLOURS,
    "HSV": COLOURS,
}
"""PIL's modes, and the one whose values are wanted; P is alpha where its palette has it."""


def is_pil_image(source: object) -> bool:
    """Whether an object is an image of PIL's, or of a class made from it."""
    kinds = (kind for kind in type(source).__mro__ if kind.__name__ == "Image")
    return any(kind.__module__ == "PIL.Image" for kind in kinds)


def pil_frame(image: Any, number: int = 0) -> PendingFrame:
    """An image of PIL's, of any mode but those of raw sensors, decoded when it is read.

    Raises ImageError then, also for values that PIL cannot read.
    """

    def decode(channels: int, honour_exif: bool) -> Pixels:
        array = _array(image)
        if honour_exif:
            array = np.ascontiguousarray(upright(array, _orientation(image)))
        return bgr_pixels(array, channels)

    return PendingFrame(decode, str(getattr(image, "filename", "")), number)


def _array(image: Any) -> npt.NDArray[np.generic]:
    """(H, W) or (H, W, 3 or 4) BGR or BGRA, nobody else's."""
    try:
        mode = _wanted_mode(image)
        array = np.array(image.convert(mode) if mode else image)
    except (OSError, SyntaxError, ValueError) as error:
        raise ImageError(f"an image of PIL's cannot be read: {error}; save it again") from None
    if array.dtype.kind == "i":
        return _sixteen_bits(array)
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    return array[..., BGR_ORDER[array.shape[2]]] if array.ndim == 3 else array


def _wanted_mode(image: Any) -> str:
    if image.mode == "P":
        return ALPHA if "transparency" in image.info else COLOURS
    mode = MODES.get(image.mode)
    if mode is None:
        raise ImageError(f"an image of PIL's mode {image.mode} is not known; convert it to RGB")
    return mode


def _sixteen_bits(array: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """PIL's older name for 16 bits is the one of 32."""
    values = array.astype(np.int64)
    if values.min() < 0 or values.max() > np.iinfo(np.uint16).max:
        raise ImageError("an image of PIL's mode I must lie in 0..65535; convert it to L")
    return values.astype(np.uint16)


def _orientation(image: Any) -> int:
    """How it is to be held; 1, as it is, for what EXIF does not know."""
    told = image.getexif().get(ORIENTATION_TAG, 1)
    return told if told in range(1, 9) else 1
