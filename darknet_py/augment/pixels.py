"""Augmentation of one image: pure functions of pixels and of numbers drawn elsewhere.

Images are uint8 (H, W, C), RGB or grey, unless said otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

BACKGROUND_KERNEL = 17
GREY = 128
MOST_NOISE = 127
AFFINE_FLAGS = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
WIDEST, REDUCED = 32766, 16383
"""Pixels of a side that OpenCV's warpAffine can address, and what wider images are reduced to."""


def random_factor(rng: Generator, limit: float) -> float:
    """Uniform between 1 and `limit`, every other time its inverse."""
    factor = 1 + rng.random() * (limit - 1)
    return float(factor if rng.random() < 0.5 else 1 / factor)


@dataclass(frozen=True)
class CropMargins:
    """Pixels cut from each side of an image (width, height); negative ones are added."""

    left: int
    right: int
    top: int
    bottom: int
    width: int
    height: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of what is left."""
        return self.width - self.left - self.right, self.height - self.top - self.bottom

    def least(self, size: tuple[int, int]) -> tuple[float, float]:
        """Width and height the whole image needs to fill `size` pixels with the crop."""
        wide, high = self.size
        return size[0] * self.width / wide, size[1] * self.height / high

    def scaled(self, width: int, height: int) -> CropMargins:
        """The same part of the image after its reduction to width x height."""
        left, right = _scaled(self.left, self.right, self.width, width)
        top, bottom = _scaled(self.top, self.bottom, self.height, height)
        return CropMargins(left, right, top, bottom, width, height)


def _scaled(first: int, second: int, old: int, new: int) -> tuple[int, int]:
    """Both ends in whole pixels, at least one of which is left between them."""
    first = min(round(first * new / old), new - 1)
    return first, min(round(second * new / old), new - 1 - max(0, first))


class Window(NamedTuple):
    """A part of an image, in its pixels."""

    x: int
    y: int
    width: int
    height: int

    def mirrored(self, width: int) -> Window:
        """Where the part is before its image, `width` pixels wide, is flipped."""
        return self._replace(x=width - self.x - self.width)

    def of(self, pixels: Pixels) -> Pixels:
        """The pixels of the part: a view."""
        return pixels[self.y : self.y + self.height, self.x : self.x + self.width]


def crop_resize(pixels: Pixels, crop: CropMargins, size: tuple[int, int]) -> Pixels:
    """The crop at `size`; what lies outside of the image gets its mean colour.

    The pixels may be those of a reduced image; the crop counts in pixels of the whole one.
    """
    crop = crop.scaled(pixels.shape[1], pixels.shape[0])
    inside = pixels[
        max(0, crop.top) : crop.height - max(0, crop.bottom),
        max(0, crop.left) : crop.width - max(0, crop.right),
    ]
    add = [max(0, -side) for side in (crop.top, crop.bottom, crop.left, crop.right)]
    if any(add):
        mean = cv2.mean(pixels)
        bordered = cv2.copyMakeBorder(inside, *add, cv2.BORDER_CONSTANT, value=mean)  # type: ignore[call-overload, unused-ignore]
        inside = np.asarray(bordered, np.uint8)
    return as_hwc(cv2.resize(inside, size, interpolation=cv2.INTER_LINEAR))


def crop_extend(pixels: Pixels, crop: CropMargins, size: tuple[int, int]) -> Pixels:
    """The crop at `size`, corner pixels on corner pixels; outside the edge repeats (YOLOv1)."""
    pixels = _addressable(pixels)
    matrix = np.zeros((2, 3))
    whole, cut = (crop.width, crop.height), (crop.left, crop.top)
    for axis, length in enumerate((pixels.shape[1], pixels.shape[0])):
        scale = length / whole[axis]
        matrix[axis, axis] = scale * (crop.size[axis] - 1) / max(1, size[axis] - 1)
        # The middle of the crop's first pixel, also where the image is reduced.
        matrix[axis, 2] = (cut[axis] + 0.5) * scale - 0.5
    resampled = cv2.warpAffine(
        pixels, matrix, size, flags=AFFINE_FLAGS, borderMode=cv2.BORDER_REPLICATE
    )
    return as_hwc(resampled)


def _addressable(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    if max(height, width) <= WIDEST:
        return pixels
    size = (min(width, REDUCED), min(height, REDUCED))
    return as_hwc(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def paste_stretched(
    pixels: Pixels, size: tuple[float, float], corner: tuple[float, float], canvas: Pixels
) -> None:
    """Draw the image, stretched to `size` with its left top `corner` there, on the canvas.

    Size and corner are cut to whole pixels. pjreddie's way: beyond its last row and column the
    image is black, and what does not fit on the canvas is left out.
    """
    (wide, high), (left, top) = (int(size[0]), int(size[1])), (int(corner[0]), int(corner[1]))
    x, y = max(0, left), max(0, top)
    region = canvas[y : max(y, top + high), x : max(x, left + wide)]
    if not region.size:
        return
    pixels = _addressable(pixels)
    step_x, step_y = pixels.shape[1] / wide, pixels.shape[0] / high
    matrix = np.array([[step_x, 0, (x - left) * step_x], [0, step_y, (y - top) * step_y]])
    visible = (region.shape[1], region.shape[0])
    region[:] = as_hwc(cv2.warpAffine(pixels, matrix, visible, flags=AFFINE_FLAGS))


def flip(pixels: Pixels) -> Pixels:
    return as_hwc(cv2.flip(pixels, 1))


def gaussian_blur(pixels: Pixels, size: int) -> Pixels:
    """Gaussian blur over size//2*2 + 1 pixels."""
    kernel = size // 2 * 2 + 1
    return as_hwc(cv2.GaussianBlur(pixels, (kernel, kernel), 0))


def blur_background(pixels: Pixels, boxes: Floats) -> Pixels:
    """Blurs all but the inside of the boxes (K, 4) x, y, w, h relative to the image."""
    blurred = gaussian_blur(pixels, BACKGROUND_KERNEL)
    height, width = pixels.shape[:2]
    # Whole pixels as C cuts them off: corners in double precision, sizes in single.
    low = ((boxes[:, :2] - boxes[:, 2:] / np.float64(2)) * (width, height)).astype(int)
    high = low + (boxes[:, 2:] * np.array([width, height], np.float32)).astype(int)
    for (left, top), (right, bottom) in zip(low.clip(0), high.clip(0), strict=True):
        blurred[top:bottom, left:right] = pixels[top:bottom, left:right]
    return blurred


def add_noise(pixels: Pixels, sigma: int, seed: int) -> Pixels:
    """Adds the positive half of Gaussian noise: the C program's noise is an 8-bit image too."""
    noise = np.empty_like(pixels)
    cv2.setRNGSeed(seed)
    spread = np.full(pixels.shape[2], min(sigma, MOST_NOISE), np.float64)
    cv2.randn(noise, np.zeros_like(spread), spread)
    return as_hwc(cv2.add(pixels, noise))


def mean_of(first: Pixels, second: Pixels) -> Pixels:
    """mixup: every pixel the mean of two images."""
    return as_hwc(cv2.addWeighted(first, 0.5, second, 0.5, 0))


def as_hwc(pixels: NDArray[np.generic]) -> Pixels:
    """OpenCV drops the channel axis of grey images."""
    array = np.asarray(pixels, np.uint8)
    return array if array.ndim == 3 else array[..., None]
