"""Images of a data set: first their size, then their pixels, all or as many as are needed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from darknet_py.images.io import Encoded, Pixels, open_image, with_channels

Size = tuple[int, int]


class Image(Protocol):
    @property
    def size(self) -> Size:
        """Width and height of the whole image."""

    def pixels(self, channels: int, least: tuple[float, float]) -> Pixels:
        """Uint8 (H, W, channels), RGB, RGBA or grey; if reducible, of no less than `least` (w, h).

        They may be reduced to no less than `least` (width, height). Nobody writes into them. Raises
        ImageError for an image that cannot be decoded.
        """


@dataclass(frozen=True)
class Decoded:
    """An image in memory, which may be smaller than the one in the file, of `size`."""

    whole: Pixels
    size: Size
    reducible: bool = False

    def pixels(self, channels: int, least: tuple[float, float]) -> Pixels:
        pixels = with_channels(self.whole, channels)
        return reduced(pixels, least) if self.reducible else pixels


@dataclass(frozen=True)
class ImageFile:
    """The bytes of an image file, whose header tells its size. upright: turned by its EXIF."""

    encoded: Encoded
    upright: bool = False
    reducible: bool = False

    @property
    def size(self) -> Size:
        return self.encoded.size(self.upright)

    def pixels(self, channels: int, least: tuple[float, float]) -> Pixels:
        if not self.reducible:
            return self.encoded.decode(channels, self.upright)
        reduction = self.encoded.reduction(least, self.upright)
        return reduced(self.encoded.decode(channels, self.upright, reduction), least)


def reduced(pixels: Pixels, least: tuple[float, float]) -> Pixels:
    """The image (H, W, C) halved as often as it stays at least `least` (width, height)."""
    height, width = pixels.shape[:2]
    ratio = min(width / least[0], height / least[1])
    if ratio < 2:
        return pixels
    part = 2 ** int(math.log2(ratio))
    size = (-(-width // part), -(-height // part))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8).reshape(*size[::-1], -1)


def open_reducible(path: str, upright: bool = False, reducible: bool = False) -> ImageFile:
    """An image file; raises ImageError for one that cannot be a whole image.

    upright: turned as its EXIF says. reducible: decoded at a half, a quarter or an eighth where
    that is enough, which is faster; the result is smoother than what Darknet trains on, and tests
    look at: single pixels out of the whole image.
    """
    return ImageFile(open_image(path), upright, reducible)
