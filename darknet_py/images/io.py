"""Images: from a file or an array to pixels. Nothing here needs torch.

Sets OPENCV_IO_MAX_IMAGE_PIXELS to 2**27 unless the environment has a value, and silences OpenCV's
log: what is wrong with an image is said by the error raised here.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from darknet_py.errors import CANNOT_OPEN, ImageError, open_failure
from darknet_py.images.headers import complaint, header_size, is_cut_short

PIXELS_VARIABLE = "OPENCV_IO_MAX_IMAGE_PIXELS"
# OpenCV reads the variable once, while it is being imported.
os.environ.setdefault(PIXELS_VARIABLE, str(2**27))

import cv2  # noqa: E402

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

Pixels = npt.NDArray[np.uint8]
PathName = str | os.PathLike[str]

READ_MODES = {1: cv2.IMREAD_GRAYSCALE, 3: cv2.IMREAD_COLOR}
REDUCED_MODES = {
    2: {1: cv2.IMREAD_REDUCED_GRAYSCALE_2, 3: cv2.IMREAD_REDUCED_COLOR_2},
    4: {1: cv2.IMREAD_REDUCED_GRAYSCALE_4, 3: cv2.IMREAD_REDUCED_COLOR_4},
    8: {1: cv2.IMREAD_REDUCED_GRAYSCALE_8, 3: cv2.IMREAD_REDUCED_COLOR_8},
}
CHANNEL_CHANGES = {
    "rgb": {(1, 3): cv2.COLOR_GRAY2RGB, (3, 1): cv2.COLOR_RGB2GRAY},
    "bgr": {(1, 3): cv2.COLOR_GRAY2BGR, (3, 1): cv2.COLOR_BGR2GRAY},
}

HEAD_BYTES = 1 << 16
"""Enough for the size an image tells, unless a large preview stands before it."""
SHRINKABLE = 64
"""Width and height of which OpenCV leaves something at an eighth."""


@dataclass(frozen=True)
class Encoded:
    """The bytes of an image file; size: (width, height) where the header says."""

    path: PathName
    data: bytes
    size: tuple[int, int] | None

    def decode(self, channels: int = 3, honour_exif: bool = False, reduce: int = 1) -> Pixels:
        """Uint8 (H, W, channels), RGB or grey; reduce: 2, 4 or 8 gives a JPEG at 1/reduce size.

        Raises ImageError, naming the path and the cure.
        """
        return _rgb(self.decode_bgr(channels, honour_exif, reduce))

    def decode_bgr(self, channels: int = 3, honour_exif: bool = False, reduce: int = 1) -> Pixels:
        """The same in OpenCV's own order of colours, which saves turning it."""
        mode = _read_mode(channels, reduce) | (0 if honour_exif else cv2.IMREAD_IGNORE_ORIENTATION)
        pixels = _decoded(self.path, self.data, mode)
        return np.asarray(pixels, np.uint8).reshape(*pixels.shape[:2], channels)

    def reduction(self, least: tuple[float, float]) -> int:
        """The largest reduction of a JPEG that leaves at least `least` (width, height)."""
        if self.size is None or not self.data.startswith(b"\xff\xd8\xff"):
            return 1
        ratio = min(side / limit for side, limit in zip(self.size, least, strict=True))
        return max((reduce for reduce in REDUCED_MODES if reduce <= ratio), default=1)


def open_image(path: PathName) -> Encoded:
    """The bytes of an image file; raises ImageError when there are none."""
    data = _contents(path)
    return Encoded(path, data, header_size(data))


def read_image(path: PathName, channels: int = 3, honour_exif: bool = False) -> Pixels:
    """Read an image as uint8 (H, W, channels), RGB or grey.

    channels: 3, or 1 for OpenCV's grey conversion; grey images give three equal channels, alpha
    is dropped, 16 bits become 8.  The EXIF orientation is ignored, as Darknet does, unless
    honour_exif.

    Raises ImageError, naming the path and the cure, for whatever is no readable image.
    """
    return open_image(path).decode(channels, honour_exif)


def check_image(path: PathName, decode: bool = True) -> None:
    """Raises ImageError for a file that is no readable image, with what `read_image` would say.

    decode: False looks at the first bytes only of those PNG and JPEG images that tell their size
    there; damage behind them is not found.
    """
    data = _contents(path, None if decode else HEAD_BYTES)
    size = header_size(data)
    if size and not decode:
        _refuse_oversized(path, size)
        return
    # An eighth of the size finds what is wrong, and costs less.
    large = size is not None and min(size) >= SHRINKABLE
    mode = cv2.IMREAD_REDUCED_GRAYSCALE_8 if large else cv2.IMREAD_GRAYSCALE
    _decoded(path, data if decode else _contents(path), mode)


def _decoded(path: PathName, data: bytes, mode: int) -> npt.NDArray[np.generic]:
    _refuse_oversized(path, header_size(data))
    _refuse_truncated(path, data)
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), mode)
    except cv2.error as error:
        raise ImageError(_refusal(path, str(error))) from None
    if pixels is None or pixels.size == 0:
        raise ImageError(f"{path}: {complaint(data)}")
    return pixels


def image_size(path: PathName) -> tuple[int, int]:
    """Width and height in pixels; a PNG or JPEG is not decoded for it.

    Raises ImageError, naming the path and the cure, for whatever is no readable image.
    """
    size = header_size(_contents(path))
    if size is not None:
        return size
    pixels = read_image(path)
    return pixels.shape[1], pixels.shape[0]


def from_bgr(array: npt.NDArray[np.generic], channels: int = 3) -> Pixels:
    """Uint8 (H, W, channels), RGB or grey, of an array in OpenCV's channel order.

    array: (H, W), (H, W, 1), (H, W, 3) BGR or (H, W, 4) BGRA, whose alpha is dropped; uint8,
    uint16 (the high byte counts) or floating point in [0, 1].

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
    if array.shape[2] == 4:
        pixels = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGRA2BGR), np.uint8)
    return with_channels(pixels, channels, "bgr")


def to_bgr(pixels: Pixels) -> Pixels:
    """OpenCV's (H, W, 3) BGR of an image (H, W, 1 or 3), grey or RGB."""
    change = cv2.COLOR_GRAY2BGR if pixels.shape[2] == 1 else cv2.COLOR_RGB2BGR
    return np.asarray(cv2.cvtColor(pixels, change), np.uint8)


def _rgb(pixels: npt.NDArray[np.generic]) -> Pixels:
    """(H, W, 1 or 3) grey or RGB of OpenCV's (H, W), (H, W, 1) or BGR array."""
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        return np.asarray(pixels, np.uint8).reshape(*pixels.shape[:2], 1)
    return np.asarray(cv2.cvtColor(np.asarray(pixels, np.uint8), cv2.COLOR_BGR2RGB), np.uint8)


def with_channels(pixels: Pixels, channels: int, order: str = "rgb") -> Pixels:
    """The image (H, W, 1 or 3), its colours in this order (rgb, bgr), as (H, W, channels)."""
    have = pixels.shape[2]
    if have == channels:
        return pixels
    convert = CHANNEL_CHANGES[order].get((have, channels))
    if convert is None:
        raise ImageError(
            f"an image of {have} channels cannot feed a network of {channels}; "
            "only 1 and 3 are converted"
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
        raise ImageError(f"images are read with 1 or 3 channels, not {channels}")
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


def _refuse_oversized(path: PathName, size: tuple[int, int] | None) -> None:
    if size is None:
        return
    width, height = size
    if width == 0 or height == 0:
        raise ImageError(f"{path}: an image of {width} x {height} pixels; save it again")
    if width * height > _pixel_limit():
        raise ImageError(f"{path}: {width} x {height} pixels; {_limit_cure()}")


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


def _refuse_truncated(path: PathName, data: bytes) -> None:
    """Some decoders would fill the rest with grey."""
    if is_cut_short(data):
        raise ImageError(f"{path}: the image is cut short; copy or download it again")


def _refusal(path: PathName, error: str) -> str:
    """The message for an exception of OpenCV's while it decodes."""
    if "IMAGE_PIXELS" in error:
        return f"{path}: too many pixels; {_limit_cure()}"
    return f"{path}: OpenCV cannot decode this image; save it again as JPEG or PNG"
