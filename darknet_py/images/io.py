"""Images: from a file or an array to pixels. Nothing here needs torch.

Sets OPENCV_IO_MAX_IMAGE_PIXELS to 2**27 unless the environment has a value, and silences OpenCV's
log: what is wrong with an image is said by the error raised here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from darknet_py.errors import CANNOT_OPEN, ImageError, OversizedImage, open_failure
from darknet_py.images.header_record import DamagedHeader, ImageHeader
from darknet_py.images.headers import read_header, refusal

PIXELS_VARIABLE = "OPENCV_IO_MAX_IMAGE_PIXELS"
# OpenCV reads the variable once, while it is being imported.
os.environ.setdefault(PIXELS_VARIABLE, str(2**27))

import cv2  # noqa: E402

# OpenCV 4 and 5 have it in different places; 0 is silent in both.
_set_log_level = getattr(cv2, "setLogLevel", None) or cv2.utils.logging.setLogLevel
_set_log_level(0)

Pixels = npt.NDArray[np.uint8]
PathName = str | os.PathLike[str]

READ_MODES = {1: cv2.IMREAD_GRAYSCALE, 3: cv2.IMREAD_COLOR}
REDUCED_MODES = {
    2: {1: cv2.IMREAD_REDUCED_GRAYSCALE_2, 3: cv2.IMREAD_REDUCED_COLOR_2},
    4: {1: cv2.IMREAD_REDUCED_GRAYSCALE_4, 3: cv2.IMREAD_REDUCED_COLOR_4},
    8: {1: cv2.IMREAD_REDUCED_GRAYSCALE_8, 3: cv2.IMREAD_REDUCED_COLOR_8},
}
ALPHA = 4
"""Channels of an image with alpha, which is 255 all over where the file has none, as in both
programs' own reader of images. AlexeyAB's with OpenCV reads beyond its memory there."""
FREE_OF_ORDER = {
    (1, 3): cv2.COLOR_GRAY2BGR,
    (1, ALPHA): cv2.COLOR_GRAY2BGRA,
    (3, ALPHA): cv2.COLOR_BGR2BGRA,
    (ALPHA, 3): cv2.COLOR_BGRA2BGR,
}
CHANNEL_CHANGES = {
    "rgb": FREE_OF_ORDER | {(3, 1): cv2.COLOR_RGB2GRAY, (ALPHA, 1): cv2.COLOR_RGBA2GRAY},
    "bgr": FREE_OF_ORDER | {(3, 1): cv2.COLOR_BGR2GRAY, (ALPHA, 1): cv2.COLOR_BGRA2GRAY},
}
TO_BGR = {1: cv2.COLOR_GRAY2BGR, 3: cv2.COLOR_RGB2BGR, ALPHA: cv2.COLOR_RGBA2BGR}
TO_RGB = {3: cv2.COLOR_BGR2RGB, ALPHA: cv2.COLOR_BGRA2RGBA}
JPEG = b"\xff\xd8\xff"

TURNS: dict[int, tuple[Callable[[Any], Any], ...]] = {
    1: (),
    2: (partial(cv2.flip, flipCode=1),),
    3: (partial(cv2.rotate, rotateCode=cv2.ROTATE_180),),
    4: (partial(cv2.flip, flipCode=0),),
    5: (cv2.transpose,),
    6: (partial(cv2.rotate, rotateCode=cv2.ROTATE_90_CLOCKWISE),),
    7: (cv2.transpose, partial(cv2.rotate, rotateCode=cv2.ROTATE_180)),
    8: (partial(cv2.rotate, rotateCode=cv2.ROTATE_90_COUNTERCLOCKWISE),),
}
"""What turns an image upright, by its EXIF orientation."""

HEAD_BYTES = 1 << 16
"""Enough for the size an image tells, unless a large preview stands before it."""
SHRINKABLE = 64
"""Width and height of which OpenCV leaves something at an eighth."""


@dataclass(frozen=True)
class Encoded:
    """The bytes of an image file, whose header has been read and believed."""

    path: PathName
    data: bytes
    header: ImageHeader

    def size(self, honour_exif: bool = False) -> tuple[int, int]:
        """Width and height in pixels of what `decode` gives."""
        return self.header.size(honour_exif)

    def decode(self, channels: int = 3, honour_exif: bool = False, reduce: int = 1) -> Pixels:
        """Uint8 (H, W, channels), RGB, RGBA or grey.

        reduce: 2, 4 or 8 gives a JPEG at 1/reduce size.
        Raises ImageError, naming the path and the cure.
        """
        return _rgb(self.decode_bgr(channels, honour_exif, reduce))

    def decode_bgr(self, channels: int = 3, honour_exif: bool = False, reduce: int = 1) -> Pixels:
        """The same in OpenCV's own order of colours, which saves turning it."""
        pixels = self._with_alpha(reduce) if channels == ALPHA else self._plain(channels, reduce)
        self._require_size(pixels, reduce)
        if honour_exif:
            pixels = upright(pixels, self.header.orientation)
        pixels = np.asarray(pixels, np.uint8).reshape(*pixels.shape[:2], -1)
        # OpenCV gives colours for a colour PFM whatever it is asked for.
        return with_channels(pixels, channels, "bgr")

    def _plain(self, channels: int, reduce: int) -> npt.NDArray[np.generic]:
        return _decoded(self.path, self.data, _read_mode(channels, reduce))

    def _with_alpha(self, reduce: int) -> npt.NDArray[np.generic]:
        """(H, W, 4) BGRA of a file with alpha, else its colours."""
        if not self.data.startswith(JPEG):
            pixels = _decoded(self.path, self.data, cv2.IMREAD_UNCHANGED)
            if pixels.shape[2:] == (ALPHA,):
                return _eight_bits(pixels)
        return self._plain(3, reduce)

    def _require_size(self, pixels: npt.NDArray[np.generic], reduce: int) -> None:
        """Raises ImageError where a file's parts do not agree about the image's size."""
        height, width = pixels.shape[:2]
        said = self.header.size()
        if tuple(-(-side // reduce) for side in said) != (width, height):
            claim = f"its header says {said[0]} x {said[1]} pixels, it has {width} x {height}"
            raise ImageError(f"{self.path}: {refusal(self.data, claim)}")

    def reduction(self, least: tuple[float, float], honour_exif: bool = False) -> int:
        """The largest reduction of a JPEG that leaves at least `least` (width, height)."""
        if not self.data.startswith(JPEG):
            return 1
        size = self.size(honour_exif)
        ratio = min(side / limit for side, limit in zip(size, least, strict=True))
        return max((reduce for reduce in REDUCED_MODES if reduce <= ratio), default=1)


def open_image(path: PathName) -> Encoded:
    """The bytes of an image file; raises ImageError where its header says that it is none."""
    return encoded_image(path, _contents(path))


def encoded_image(path: PathName, data: bytes) -> Encoded:
    """An image whose bytes are here, as `open_image`. path: for messages."""
    return Encoded(path, data, _believed(path, data, len(data)))


def read_image(path: PathName, channels: int = 3, honour_exif: bool = False) -> Pixels:
    """Read an image as uint8 (H, W, channels), RGB, RGBA or grey.

    channels: 3, or 1 for OpenCV's grey conversion; grey images give three equal channels, alpha
    is dropped, 16 bits become 8.  4 keeps alpha, which is 255 where the image has none.
    honour_exif: turned as its EXIF orientation says; a `Fork` knows whether its Darknet does so.

    Raises ImageError, naming the path and the cure, for whatever is no readable image.
    """
    return open_image(path).decode(channels, honour_exif)


def check_image(path: PathName, decode: bool = True) -> ImageHeader:
    """The header; raises ImageError for a file that is no readable image, as `read_image` does.

    decode: False looks at the first bytes only of those images that tell their size there; damage
    behind them is not found.
    """
    if not decode:
        head = _contents(path, HEAD_BYTES)
        header = _header(path, head, os.path.getsize(path))
        if header is not None:
            return header
    image = open_image(path)
    # An eighth of the size finds what is wrong, and costs less.
    large = min(image.size()) >= SHRINKABLE
    _decoded(path, image.data, _read_mode(1, 8 if large else 1))
    return image.header


def image_size(path: PathName, honour_exif: bool = False) -> tuple[int, int]:
    """Width and height in pixels of what `read_image` gives, without decoding.

    Raises ImageError, naming the path and the cure, for whatever is no readable image.
    """
    return open_image(path).size(honour_exif)


def upright(pixels: npt.NDArray[np.generic], orientation: int) -> npt.NDArray[np.generic]:
    """An image (H, W[, C]) that was stored in this EXIF orientation, as it is meant to be seen."""
    for turn in TURNS[orientation]:
        pixels = np.asarray(turn(pixels))
    return pixels


def _decoded(path: PathName, data: bytes, mode: int) -> npt.NDArray[np.generic]:
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), mode | cv2.IMREAD_IGNORE_ORIENTATION)
    except (cv2.error, MemoryError) as error:
        raise ImageError(_refusal(path, str(error))) from None
    if pixels is None or pixels.size == 0:
        raise ImageError(f"{path}: {refusal(data)}")
    return pixels


def _believed(path: PathName, data: bytes, total: int) -> ImageHeader:
    """The header of a whole file; raises ImageError where it says none, or what cannot be."""
    header = _header(path, data, total)
    if header is None:
        raise ImageError(f"{path}: {refusal(data)}")
    return header


def _header(path: PathName, data: bytes, total: int) -> ImageHeader | None:
    try:
        header = read_header(data, total)
    except DamagedHeader as error:
        if error.size is not None:
            refuse_oversized(path, error.size)
        raise ImageError(f"{path}: {refusal(data, str(error))}") from None
    if header is not None:
        refuse_oversized(path, header.size())
    return header


def from_bgr(array: npt.NDArray[np.generic], channels: int = 3) -> Pixels:
    """Uint8 (H, W, channels), RGB, RGBA or grey, of an array in OpenCV's channel order.

    array: (H, W), (H, W, 1), (H, W, 3) BGR or (H, W, 4) BGRA, whose alpha only channels=4 keeps;
    uint8, uint16 (the high byte counts) or floating point in [0, 1].

    Raises ImageError for any other shape, type or range.
    """
    return _rgb(bgr_pixels(array, channels))


def bgr_pixels(array: npt.NDArray[np.generic], channels: int = 3) -> Pixels:
    """The same with colours left in OpenCV's order; may be the array itself."""
    if not isinstance(array, np.ndarray):
        raise ImageError(f"an image must be a numpy array, not {type(array).__name__}")
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or 0 in array.shape:
        raise ImageError(
            f"an array of shape {array.shape} is no image; give H x W, or H x W x 1, 3 or 4"
        )
    pixels = np.ascontiguousarray(_eight_bits(array))
    return with_channels(pixels, channels, "bgr")


def to_bgr(pixels: Pixels) -> Pixels:
    """OpenCV's (H, W, 3) BGR of an image (H, W, 1, 3 or 4), grey, RGB or RGBA."""
    return np.asarray(cv2.cvtColor(pixels, TO_BGR[pixels.shape[2]]), np.uint8)


def _rgb(pixels: npt.NDArray[np.generic]) -> Pixels:
    """(H, W, 1, 3 or 4) grey, RGB or RGBA of OpenCV's (H, W), (H, W, 1), BGR or BGRA array."""
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        return np.asarray(pixels, np.uint8).reshape(*pixels.shape[:2], 1)
    change = TO_RGB[pixels.shape[2]]
    return np.asarray(cv2.cvtColor(np.asarray(pixels, np.uint8), change), np.uint8)


def with_channels(pixels: Pixels, channels: int, order: str = "rgb") -> Pixels:
    """The image (H, W, 1, 3 or 4), its colours in this order (rgb, bgr), as (H, W, channels)."""
    have = pixels.shape[2]
    if have == channels:
        return pixels
    convert = CHANNEL_CHANGES[order].get((have, channels))
    if convert is None:
        raise ImageError(
            f"an image of {have} channels cannot feed a network of {channels}; "
            "only 1, 3 and 4 are converted"
        )
    return np.asarray(cv2.cvtColor(pixels, convert), np.uint8).reshape(*pixels.shape[:2], channels)


def _eight_bits(array: npt.NDArray[np.generic]) -> Pixels:
    """The same values as uint8."""
    if array.dtype == np.uint8:
        return array.astype(np.uint8, copy=False)
    if array.dtype == np.uint16:
        return (array.astype(np.uint16, copy=False) >> 8).astype(np.uint8)
    if not np.issubdtype(array.dtype, np.floating):
        raise ImageError(f"an image of {array.dtype} is not known; give uint8, uint16 or float")
    values = array.astype(np.float32)
    if not (values.min() >= 0 and values.max() <= 1):
        raise ImageError("a floating-point image must lie in 0..1; divide it by its white value")
    return np.rint(values * 255).astype(np.uint8)


def _read_mode(channels: int, reduce: int) -> int:
    mode = REDUCED_MODES.get(reduce, READ_MODES).get(channels)
    if mode is None:
        raise ImageError(f"images are read with 1, 3 or 4 channels, not {channels}")
    return mode


def _contents(path: PathName, most: int | None = None) -> bytes:
    """All bytes of the file, or its first ones."""
    if os.path.isdir(path):
        raise ImageError(f"{path}: is a folder, not an image; name a file in it")
    try:
        with open(path, "rb") as file:
            data = file.read(most)
    except FileNotFoundError:
        raise ImageError(f"{path}: no such file; check the path") from None
    except CANNOT_OPEN as error:
        raise ImageError(f"{path}: cannot be read: {open_failure(error)}") from None
    if not data:
        raise ImageError(f"{path}: the file is empty; copy or download it again")
    return data


def refuse_oversized(path: PathName, size: tuple[int, int]) -> None:
    """Raises ImageError for a width and height that are none, OversizedImage for too many."""
    width, height = size
    if width == 0 or height == 0:
        raise ImageError(f"{path}: an image of {width} x {height} pixels; save it again")
    if width * height > _pixel_limit():
        raise OversizedImage(f"{path}: {width} x {height} pixels; {_limit_cure()}", size)


def _pixel_limit() -> float:
    """Pixels allowed; a value OpenCV writes in other ways (such as 200MB) is left to OpenCV."""
    value = os.environ.get(PIXELS_VARIABLE, "")
    return int(value) if value.isdigit() else float("inf")


def _limit_cure() -> str:
    limit = os.environ.get(PIXELS_VARIABLE, "its default")
    return (
        f"more than the limit of {limit}: make the image smaller, or set the environment "
        f"variable {PIXELS_VARIABLE} before Python starts"
    )


def _refusal(path: PathName, error: str) -> str:
    """The message for an exception of OpenCV's while it decodes."""
    if "IMAGE_PIXELS" in error:
        return f"{path}: too many pixels; {_limit_cure()}"
    return f"{path}: OpenCV cannot decode this image; save it again as JPEG or PNG"
