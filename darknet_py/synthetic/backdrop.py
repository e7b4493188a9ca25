"""What lies behind drawn shapes, and what the camera does to the image."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Canvas = NDArray[np.float32]
"""A BGR image in the making, values 0 to 255."""
Floats = NDArray[np.float64]


def random_colour(rng: Generator, grey: bool, dull: bool = False) -> Floats:
    """Blue, green, red in 0..255; without hue one time in seven, or always when grey."""
    hue, value = rng.random(), 255 * rng.uniform(0.1, 1)
    saturation = 0.0 if grey or rng.random() < 0.15 else rng.uniform(0.25, 1) * (0.5 if dull else 1)
    wheel = np.abs((hue * 6 + np.array([2, 4, 0])) % 6 - 3) - 1
    return np.asarray(value * (1 - saturation * (1 - np.clip(wheel, 0, 1))), np.float64)


def background(rng: Generator, width: int, height: int) -> Canvas:
    """A gradient with clouds, and one or two patterns on it."""
    canvas = _gradient(rng, width, height)
    strength = rng.uniform(0, 22)
    canvas += strength * _clouds(rng, width, height)[..., None]
    if rng.random() < 0.3:
        color = rng.uniform(0, 18, 3).astype(np.float32)
        canvas += _clouds(rng, width, height)[..., None] * color
    for pattern in rng.choice(len(PATTERNS), int(rng.integers(0, 3)), replace=False):
        mask = PATTERNS[int(pattern)](rng, width, height).astype(np.float32) / 255
        amount = rng.uniform(0.03, 0.3) if rng.random() < 0.7 else rng.uniform(0.3, 0.8)
        canvas += (_dull(rng) - canvas) * (mask * np.float32(amount))[..., None]
    return np.clip(canvas, 0, 255)


def _dull(rng: Generator) -> Canvas:
    return random_colour(rng, False, dull=True).astype(np.float32)


def _gradient(rng: Generator, width: int, height: int) -> Canvas:
    y, x = np.ogrid[:height, :width]
    angle = rng.uniform(0, 2 * math.pi)
    along = math.cos(angle) * (x / width - 0.5) + math.sin(angle) * (y / height - 0.5) + 0.5
    first, second = _dull(rng), _dull(rng)
    step = (second - first) * np.float32(rng.uniform(0, 0.8))
    return np.asarray(first + along.astype(np.float32)[..., None] * step, np.float32)


def _clouds(rng: Generator, width: int, height: int) -> Canvas:
    """Value noise of three sizes, about -1 to 1."""
    total = np.zeros((height, width), np.float32)
    cells = int(rng.integers(3, 9))
    for octave in range(3):
        lattice = rng.normal(size=(cells << octave, cells << octave)).astype(np.float32)
        grown = cv2.resize(lattice, (width, height), interpolation=cv2.INTER_CUBIC)
        total += np.asarray(grown, np.float32) * np.float32(0.55 * 0.5**octave)
    return total


def _stripes(rng: Generator, width: int, height: int) -> Pixels:
    y, x = np.ogrid[:height, :width]
    angle, period = rng.uniform(0, math.pi), rng.uniform(8, 60)
    wave = np.sin((math.cos(angle) * x + math.sin(angle) * y) * 2 * math.pi / period)
    if rng.random() < 0.3:
        wave = wave * np.sin((math.cos(angle) * y - math.sin(angle) * x) * 2 * math.pi / period)
    return (np.clip(wave * rng.uniform(1, 6) + 0.5, 0, 1) * 255).astype(np.uint8)


def _dots(rng: Generator, width: int, height: int) -> Pixels:
    mask = np.zeros((height, width), np.uint8)
    step, radius = int(rng.integers(10, 44)), int(rng.integers(1, 4))
    for row, y in enumerate(range(step // 2, height, step)):
        for x in range(step // 2 * (1 + row % 2), width, step):
            cv2.circle(mask, (x, y), radius, (255,), cv2.FILLED, cv2.LINE_AA)
    return mask


def _grid(rng: Generator, width: int, height: int) -> Pixels:
    mask = np.zeros((height, width), np.uint8)
    step, thick = int(rng.integers(10, 60)), int(rng.integers(1, 3))
    y, x = np.ogrid[:height, :width]
    mask[(x % step < thick) | (y % step < thick)] = 255
    return mask


def _blobs(rng: Generator, width: int, height: int) -> Pixels:
    """Soft uneven ellipses, which are none of the shapes."""
    mask = np.zeros((height, width), np.uint8)
    for _ in range(int(rng.integers(1, 9))):
        x, y = rng.integers(0, width), rng.integers(0, height)
        long = rng.uniform(0.05, 0.3) * min(width, height)
        axes = (int(long), int(long * rng.uniform(0.2, 0.5)))
        angle = rng.uniform(0, 180)
        cv2.ellipse(mask, (int(x), int(y)), axes, angle, 0, 360, (255,), cv2.FILLED, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), rng.uniform(1, 12)), np.uint8)


def _scratches(rng: Generator, width: int, height: int) -> Pixels:
    """Straight lines and bars anywhere."""
    mask = np.zeros((height, width), np.uint8)
    for _ in range(int(rng.integers(2, 16))):
        ends = rng.integers(0, (width, height), (2, 2))
        first, second = (int(ends[0, 0]), int(ends[0, 1])), (int(ends[1, 0]), int(ends[1, 1]))
        cv2.line(mask, first, second, (255,), int(rng.integers(1, 9)), cv2.LINE_AA)
    return mask


PATTERNS = (_stripes, _dots, _grid, _blobs, _scratches)


def finish(rng: Generator, canvas: Canvas, grey: bool = False) -> Pixels:
    """Light, blur, noise and JPEG's losses, each of them sometimes; grey: without colour."""
    height, width = canvas.shape[:2]
    if rng.random() < 0.5:
        canvas = (canvas - 127) * rng.uniform(0.7, 1.25) + 127 + rng.uniform(-30, 30)
    if rng.random() < 0.3:
        y, x = np.ogrid[:height, :width]
        corner = (x / width - 0.5) ** 2 + (y / height - 0.5) ** 2
        canvas = canvas * (1 - rng.uniform(0.1, 0.9) * corner).astype(np.float32)[..., None]
    if rng.random() < 0.2:
        canvas = np.asarray(cv2.GaussianBlur(canvas, (0, 0), rng.uniform(0.4, 1.5)), np.float32)
    if rng.random() < 0.4:
        noise = rng.standard_normal((height, width, 1), np.float32)
        canvas = canvas + noise * np.float32(rng.uniform(1, 12))
    # OpenCV rounds and saturates faster than numpy.
    rounded = cv2.convertScaleAbs(np.maximum(greyed(canvas) if grey else canvas, 0))
    pixels = np.asarray(rounded, np.uint8)
    return _jpeg(pixels, int(rng.integers(30, 90))) if rng.random() < 0.3 else pixels


def greyed(canvas: Canvas) -> Canvas:
    return np.repeat(canvas.mean(axis=2, keepdims=True), 3, axis=2).astype(np.float32)


def _jpeg(pixels: Pixels, quality: int) -> Pixels:
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
