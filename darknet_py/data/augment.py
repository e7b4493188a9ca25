"""Augmentation of one picture: pure functions of pixels and of numbers drawn elsewhere.

Pictures are uint8 (H, W, C), RGB or grey, unless said otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

HUES = 179
"""A whole turn of hue moves OpenCV's 8-bit hue by this much in AlexeyAB's program."""
BACKGROUND_KERNEL = 17
GREY = 0.5


@dataclass(frozen=True)
class Colour:
    """A change of colour: hue as part of a turn (0: none), factors of saturation and exposure."""

    hue: float
    saturation: float
    exposure: float

    @property
    def changes(self) -> bool:
        return self != Colour(0.0, 1.0, 1.0)


def draw_colour(rng: Generator, hue: float, saturation: float, exposure: float) -> Colour:
    """hue in +-hue; the factors in 1..limit or, as often, 1 over that."""
    turn = rng.uniform(-hue, hue)
    return Colour(turn, draw_factor(rng, saturation), draw_factor(rng, exposure))


def draw_factor(rng: Generator, limit: float) -> float:
    """Uniform between 1 and `limit`, every other time its inverse."""
    factor = 1 + rng.random() * (limit - 1)
    return float(factor if rng.random() < 0.5 else 1 / factor)


@dataclass(frozen=True)
class Crop:
    """Pixels cut from each side of a picture (width, height); negative ones are added."""

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

    def scaled(self, width: int, height: int) -> Crop:
        """The same part of the picture after its reduction to width x height."""
        x, y = width / self.width, height / self.height
        left, right = round(self.left * x), round(self.right * x)
        top, bottom = round(self.top * y), round(self.bottom * y)
        return Crop(left, right, top, bottom, width, height)


def crop_resize(pixels: Pixels, crop: Crop, width: int, height: int) -> Pixels:
    """The crop at width x height; what lies outside of the picture gets its mean colour."""
    if crop.left or crop.right or crop.top or crop.bottom:
        pixels = _cropped(pixels, crop)
    return _with_channels(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR))


def _cropped(pixels: Pixels, crop: Crop) -> Pixels:
    height, width = pixels.shape[:2]
    inside = pixels[
        max(0, crop.top) : height - max(0, crop.bottom),
        max(0, crop.left) : width - max(0, crop.right),
    ]
    add = [max(0, -side) for side in (crop.top, crop.bottom, crop.left, crop.right)]
    if not any(add):
        return inside
    mean = cv2.mean(pixels)
    bordered = cv2.copyMakeBorder(inside, *add, cv2.BORDER_CONSTANT, value=mean)  # type: ignore[call-overload]
    return np.asarray(bordered, np.uint8)


def crop_extend(pixels: Pixels, crop: Crop, width: int, height: int) -> Pixels:
    """The crop at width x height; what lies outside repeats the picture's edge (YOLOv1)."""
    rows = np.clip(np.arange(crop.top, crop.height - crop.bottom), 0, crop.height - 1)
    columns = np.clip(np.arange(crop.left, crop.width - crop.right), 0, crop.width - 1)
    inside = pixels[rows[:, None], columns]
    return _with_channels(cv2.resize(inside, (width, height), interpolation=cv2.INTER_LINEAR))


def place(pixels: Pixels, size: tuple[float, float], at: tuple[float, float], box: Pixels) -> None:
    """Draw the picture, stretched to `size` with its corner `at`, on the grey canvas `box`."""
    (wide, high), (left, top) = (int(size[0]), int(size[1])), (int(at[0]), int(at[1]))
    if wide < 1 or high < 1:
        return
    step = np.array([[pixels.shape[1] / wide, 0, 0], [0, pixels.shape[0] / high, 0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    small = _with_channels(cv2.warpAffine(pixels, step, (wide, high), flags=flags))
    region = box[top : top + high, left : left + wide]
    region[:] = small[: region.shape[0], : region.shape[1]]


def flip(pixels: Pixels) -> Pixels:
    return _with_channels(cv2.flip(pixels, 1))


def shift_colour(pixels: Pixels, colour: Colour) -> Pixels:
    """AlexeyAB's way: OpenCV's 8-bit hue, saturation and value, each saturating at 0 and 255."""
    if not colour.changes:
        return pixels
    steps = np.arange(256, dtype=np.float64)
    if pixels.shape[2] == 1:
        return _with_channels(cv2.LUT(pixels, _rounded(steps * colour.exposure)))
    channels = (steps + HUES * colour.hue, steps * colour.saturation, steps * colour.exposure)
    table = np.stack([_rounded(values) for values in channels], axis=1)[None]
    hsv = cv2.LUT(cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV), table)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)


def distort_colour(pixels: Pixels, colour: Colour) -> Pixels:
    """pjreddie's way: in floating point, hue turns round, the result is cut to 0..1."""
    if not colour.changes or pixels.shape[2] == 1:
        return pixels
    hsv = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2HSV)
    # OpenCV's converter turns a hue outside of 0..360 back by itself.
    hsv += np.array([360 * colour.hue, 0, 0], np.float32)
    hsv *= np.array([1, colour.saturation, colour.exposure], np.float32)
    return _rounded(255 * np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.float64))


def blur(pixels: Pixels, size: int) -> Pixels:
    """Gaussian blur over size//2*2 + 1 pixels."""
    kernel = size // 2 * 2 + 1
    return _with_channels(cv2.GaussianBlur(pixels, (kernel, kernel), 0))


def blur_background(pixels: Pixels, boxes: Floats) -> Pixels:
    """Blurs all but the inside of the boxes (K, 4) x, y, w, h relative to the picture."""
    blurred = blur(pixels, BACKGROUND_KERNEL)
    height, width = pixels.shape[:2]
    size = np.array([width, height], np.float32)
    low = ((boxes[:, :2] - boxes[:, 2:] / 2) * size).astype(int)
    high = low + (boxes[:, 2:] * size).astype(int)
    for (left, top), (right, bottom) in zip(low.clip(0), high.clip(0), strict=True):
        blurred[top:bottom, left:right] = pixels[top:bottom, left:right]
    return blurred


def add_noise(pixels: Pixels, sigma: int, seed: int) -> Pixels:
    """Adds the positive half of Gaussian noise: the C program's noise is an 8-bit picture too."""
    noise = np.empty_like(pixels)
    cv2.setRNGSeed(seed)
    spread = np.full(pixels.shape[2], min(max(sigma, 0), 127), np.float64)
    cv2.randn(noise, np.zeros_like(spread), spread)
    return _with_channels(cv2.add(pixels, noise))


def mean_of(first: Pixels, second: Pixels) -> Pixels:
    """mixup: every pixel the mean of two pictures."""
    return _with_channels(cv2.addWeighted(first, 0.5, second, 0.5, 0))


def _rounded(values: NDArray[np.float64]) -> Pixels:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _with_channels(pixels: NDArray[np.generic]) -> Pixels:
    """OpenCV drops the channel axis of grey pictures."""
    array = np.asarray(pixels, np.uint8)
    return array if array.ndim == 3 else array[..., None]
