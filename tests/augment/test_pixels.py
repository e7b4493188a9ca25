"""Augmentation of one image against slow loops written from the rules of the C programs."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from darknet_py.augment.pixels import (
    CropMargins,
    Pixels,
    Window,
    add_noise,
    blur_background,
    crop_extend,
    crop_resize,
    flip,
    gaussian_blur,
    mean_of,
    paste_stretched,
    random_factor,
)

CLOSE = 4
"""Levels by which OpenCV's fixed-point interpolation may be off in images of 64 levels."""


def noise(seed: int, width: int, height: int, channels: int = 3) -> Pixels:
    rng = np.random.default_rng(seed)
    return rng.integers(60, 124, (height, width, channels), np.uint8)


def worst(result: Pixels, expected: np.ndarray) -> float:
    assert result.shape == expected.shape
    return float(np.abs(result.astype(np.float64) - expected).max())


def between(image: np.ndarray, x: float, y: float) -> np.ndarray:
    """Bilinear; beyond its edge an image repeats."""
    height, width = image.shape[:2]
    x, y = min(max(x, 0.0), width - 1.0), min(max(y, 0.0), height - 1.0)
    left, top = int(x), int(y)
    right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
    upper = image[top, left] * (left + 1 - x) + image[top, right] * (x - left)
    lower = image[bottom, left] * (left + 1 - x) + image[bottom, right] * (x - left)
    return upper * (top + 1 - y) + lower * (y - top)


def cropped_slowly(image: Pixels, crop: CropMargins, size: tuple[int, int]) -> np.ndarray:
    """AlexeyAB's: an image of the crop's size in the mean colour, the part of the original copied
    into it, then stretched with pixel middles on pixel middles."""
    wide, high = crop.size
    mean = np.rint(image.reshape(-1, image.shape[2]).mean(axis=0))
    canvas = np.tile(mean, (high, wide, 1))
    for y in range(high):
        for x in range(wide):
            from_x, from_y = x + crop.left, y + crop.top
            if 0 <= from_x < crop.width and 0 <= from_y < crop.height:
                canvas[y, x] = image[from_y, from_x]
    result = np.zeros((size[1], size[0], image.shape[2]))
    for y in range(size[1]):
        for x in range(size[0]):
            point = (x + 0.5) * wide / size[0] - 0.5, (y + 0.5) * high / size[1] - 0.5
            result[y, x] = between(canvas, *point)
    return result


@st.composite
def crops(draw: st.DrawFn, most: int = 12) -> CropMargins:
    """Parts of small images that show some of it, also with margins."""
    width, height = draw(st.integers(1, most)), draw(st.integers(1, most))
    left, top = draw(st.integers(-most, width - 1)), draw(st.integers(-most, height - 1))
    right = draw(st.integers(-most, width - 1 - max(0, left)))
    bottom = draw(st.integers(-most, height - 1 - max(0, top)))
    return CropMargins(left, right, top, bottom, width, height)


@given(crop=crops(), seed=st.integers(0, 99), channels=st.sampled_from([1, 3, 4]))
def test_crops_as_alexeyabs(crop: CropMargins, seed: int, channels: int) -> None:
    image = noise(seed, crop.width, crop.height, channels)
    result = crop_resize(image, crop, (7, 5))
    assert worst(result, cropped_slowly(image, crop, (7, 5))) <= 1


def test_a_crop_of_nothing_and_its_size() -> None:
    crop = CropMargins(-3, 2, 1, -4, 10, 8)
    assert crop.size == (11, 11)
    assert crop.least((22, 5)) == (20, 5 * 8 / 11)
    image = noise(0, 10, 8)
    whole = crop_resize(image, CropMargins(0, 0, 0, 0, 10, 8), (10, 8))
    assert (whole == image).all()
    assert whole is not image


@given(crop=crops(900), part=st.sampled_from([2, 4, 8, 64]))
@example(crop=CropMargins(-3000, 3999, 0, 0, 4000, 300), part=4)
@example(crop=CropMargins(3999, -3000, 0, 0, 4000, 300), part=8)
def test_a_reduced_image_shows_the_same_part(crop: CropMargins, part: int) -> None:
    """To half a pixel of the reduced one; whatever little is left of it, something is."""
    width, height = math.ceil(crop.width / part), math.ceil(crop.height / part)
    small = crop.scaled(width, height)
    assert (small.width, small.height) == (width, height)
    assert max(0, small.left) + max(0, small.right) < width
    assert max(0, small.top) + max(0, small.bottom) < height
    away = [
        small.left - crop.left * width / crop.width,
        small.top - crop.top * height / crop.height,
    ]
    assert np.abs(away).max() <= 1
    assert crop_resize(noise(0, width, height), crop, (6, 4)).shape == (4, 6, 3)


def extended_slowly(image: Pixels, crop: CropMargins, size: tuple[int, int]) -> np.ndarray:
    """YOLOv1's: every pixel of the crop is the nearest of the image; then corner on corner."""
    wide, high = crop.size
    canvas = np.zeros((high, wide, image.shape[2]))
    for y in range(high):
        for x in range(wide):
            from_x = min(max(x + crop.left, 0), crop.width - 1)
            from_y = min(max(y + crop.top, 0), crop.height - 1)
            canvas[y, x] = image[from_y, from_x]
    result = np.zeros((size[1], size[0], image.shape[2]))
    for y in range(size[1]):
        for x in range(size[0]):
            point = x * (wide - 1) / (size[0] - 1), y * (high - 1) / (size[1] - 1)
            result[y, x] = between(canvas, *point)
    return result


@given(crop=crops(), seed=st.integers(0, 99), channels=st.sampled_from([1, 3, 4]))
def test_crops_of_yolov1_repeat_the_edge(crop: CropMargins, seed: int, channels: int) -> None:
    image = noise(seed, crop.width, crop.height, channels)
    result = crop_extend(image, crop, (7, 5))
    assert worst(result, extended_slowly(image, crop, (7, 5))) <= CLOSE


def test_crops_of_yolov1_of_a_reduced_image() -> None:
    """A slope looks the same however many pixels hold it."""
    slope = np.tile(np.arange(0, 240, 1, np.uint8)[None, :, None], (80, 1, 3))
    small = cv2.resize(slope, (60, 20), interpolation=cv2.INTER_AREA)
    crop = CropMargins(-24, 48, 8, -16, 240, 80)
    large = crop_extend(slope, crop, (30, 20)).astype(int)
    result = crop_extend(small, crop, (30, 20))
    inside = slice(6, None)
    assert np.abs(result - large)[:, inside].max() <= 3


def paste_stretched_slowly(
    image: Pixels, size: tuple[float, float], corner: tuple[float, float], canvas: Pixels
) -> np.ndarray:
    """pjreddie's: whole pixels; samples that reach beyond the image take 0 from there."""
    width, height, left, top = int(size[0]), int(size[1]), int(corner[0]), int(corner[1])
    result = canvas.astype(np.float64)
    dark = np.pad(image.astype(np.float64), ((0, 1), (0, 1), (0, 0)))
    for y in range(height):
        for x in range(width):
            if not (0 <= x + left < canvas.shape[1] and 0 <= y + top < canvas.shape[0]):
                continue
            point = x / width * image.shape[1], y / height * image.shape[0]
            result[y + top, x + left] = between(dark, *point)
    return result


@given(
    sides=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    size=st.tuples(st.floats(0, 14), st.floats(0, 14)),
    corner=st.tuples(st.floats(-9, 9), st.floats(-9, 9)),
    channels=st.sampled_from([1, 3, 4]),
)
def test_pasted_on_a_canvas_as_pjreddies(
    sides: tuple[int, int], size: tuple[float, float], corner: tuple[float, float], channels: int
) -> None:
    image, canvas = noise(1, *sides, channels), np.full((8, 10, channels), 128, np.uint8)
    expected = paste_stretched_slowly(image, size, corner, canvas)
    paste_stretched(image, size, corner, canvas)
    assert worst(canvas, expected) <= 2 * CLOSE


def test_images_wider_than_opencv_can_address() -> None:
    """What is right of its 32767th column would show another part."""
    wide = np.zeros((2, 40000, 3), np.uint8)
    wide[:, 30000:] = 200
    shown = crop_extend(wide, CropMargins(0, 0, 0, 0, 40000, 2), (41, 3))[1, :, 0]
    assert shown[:30].max() == 0
    assert shown[31:].min() == 200
    canvas = np.zeros((3, 40, 3), np.uint8)
    paste_stretched(wide, (40, 3), (0, 0), canvas)
    assert canvas[0, :30].max() == 0
    assert canvas[0, 31:].min() == 200
    fine = np.zeros((2, 40000, 3), np.uint8)
    fine[:, ::2] = 200
    shown = crop_extend(fine, CropMargins(0, 0, 0, 0, 40000, 2), (9, 3))
    assert 80 <= shown.min() <= shown.max() <= 120, "reduced to its mean, not to some columns"


def test_windows() -> None:
    pixels = noise(0, 9, 5)
    window = Window(2, 1, 3, 4)
    assert (window.of(pixels) == pixels[1:5, 2:5]).all()
    flipped = flip(pixels)
    assert (window.of(flipped) == flip(window.mirrored(9).of(pixels))).all()
    assert (flipped == pixels[:, ::-1]).all()
    assert flip(pixels[..., :1]).shape == (5, 9, 1)


def test_factors_are_as_often_below_one_as_above() -> None:
    rng = np.random.default_rng(0)
    factors = np.array([random_factor(rng, 1.5) for _ in range(4000)])
    assert factors.min() >= 1 / 1.5
    assert factors.max() <= 1.5
    assert abs((factors > 1).mean() - 0.5) < 0.03
    # Uniform above 1; below 1 their inverses are.
    assert abs(factors[factors > 1].mean() - 1.25) < 0.01
    assert abs((1 / factors[factors < 1]).mean() - 1.25) < 0.01


@pytest.mark.parametrize(("size", "kernel"), [(2, 3), (3, 3), (4, 5), (9, 9)])
@pytest.mark.parametrize("channels", [1, 3])
def test_blur(size: int, kernel: int, channels: int) -> None:
    pixels = noise(0, 20, 16, channels)
    expected = cv2.GaussianBlur(pixels, (kernel, kernel), 0).reshape(pixels.shape)
    assert (gaussian_blur(pixels, size) == expected).all()


def test_blurring_the_background_keeps_the_boxes() -> None:
    pixels = noise(0, 40, 30)
    boxes = np.array([[0.25, 0.5, 0.2, 0.4], [0.99, 0.02, 0.3, 0.3], [0.5, 0.5, 0, 0]], np.float32)
    blurred = cv2.GaussianBlur(pixels, (17, 17), 0)
    for x, y, w, h in boxes.astype(np.float64).tolist():
        left, top = int((x - w / 2) * 40), int((y - h / 2) * 30)
        for row in range(top, top + int(np.float32(h) * np.float32(30))):
            for column in range(left, left + int(np.float32(w) * np.float32(40))):
                if 0 <= row < 30 and 0 <= column < 40:
                    blurred[row, column] = pixels[row, column]
    assert (blur_background(pixels, boxes) == blurred).all()
    assert (blurred != pixels).any()


@pytest.mark.parametrize("channels", [1, 3])
def test_noise_is_half_a_gaussian(channels: int) -> None:
    pixels = np.full((200, 100, channels), 100, np.uint8)
    added = add_noise(pixels, 20, seed=5).astype(int) - 100
    assert (add_noise(pixels, 20, seed=5) - 100 == added).all()
    assert (add_noise(pixels, 20, seed=6) - 100 != added).any()
    for channel in range(channels):
        values = added[..., channel]
        # What is below 0, or rounds to it, an 8-bit image cannot hold.
        assert abs((values > 0).mean() - 0.49) < 0.02
        assert math.sqrt((values[values > 0] ** 2).mean()) == pytest.approx(20, abs=0.5)


def test_noise_is_limited_and_saturates() -> None:
    pixels = np.full((50, 50, 3), 200, np.uint8)
    assert add_noise(pixels, 500, seed=1).max() == 255
    assert (add_noise(pixels, 500, 1) == add_noise(pixels, 127, 1)).all()
    assert (add_noise(pixels, 0, 1) == 200).all()


def test_the_mean_of_two_images() -> None:
    first, second = noise(0, 9, 5), noise(1, 9, 5)
    away = mean_of(first, second) - (first.astype(float) + second) / 2
    assert np.abs(away).max() <= 0.5
