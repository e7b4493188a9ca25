"""Images of a data set: first their size, then as many of their pixels as are needed."""

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
        """Width and height of the image in the file."""

    def pixels(self, channels: int, least: tuple[float, float]) -> Pixels:
        """Uint8 (H, W, channels), RGB, RGBA or grey.

        They may be reduced to no less than `least` (width, height). Nobody writes into them. Raises
        ImageError for an image that cannot be decoded.
        """


@dataclass(frozen=True)
class Decoded:
    """An image in memory, which may be smaller than the one in the file, of `size`."""

    whole: Pixels
    size: Size

    def pixels(self, channels: int, least: tuple[float, float]) -> Pixels:
        return reduced(with_channels(self.whole, channels), least)


@dataclass(frozen=True)
class ImageFile:
    """The bytes of an image file whose header tells its size."""

    encoded: Encoded
    size: Size

    def pixels(self, channels: int, least: tuple[float, float]) -> Pixels:
        return reduced(self.encoded.decode(channels, reduce=self.encoded.reduction(least)), least)


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


def open_reducible(path: str, channels: int) -> Image:
    """An image file; raises ImageError for one that cannot be a whole image."""
    encoded = open_image(path)
    if encoded.size is not None and min(encoded.size) > 0:
        return ImageFile(encoded, encoded.size)
    whole = encoded.decode(channels)
    return Decoded(whole, (whole.shape[1], whole.shape[0]))
