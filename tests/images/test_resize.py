"""Darknet's resize and letterbox against literal loops."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from darknet_py.images import resize, tensors
from darknet_py.images.tensors import prepare, to_tensor

SINGLE = np.float32


def noise(width: int, height: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    shape = (height, width, channels) if channels else (height, width)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def literal_resize(plane: np.ndarray, w: int, h: int) -> np.ndarray:
    """The C loops over one channel (H, W) of floats, in single precision."""
    rows, columns = plane.shape
    if (columns, rows) == (w, h):
        return plane
    part, out = np.zeros((rows, w), SINGLE), np.zeros((h, w), SINGLE)
    across = SINGLE(columns - 1) / SINGLE(w - 1) if w > 1 else SINGLE(0)
    down = SINGLE(rows - 1) / SINGLE(h - 1) if h > 1 else SINGLE(0)
    for r, c in itertools.product(range(rows), range(w)):
        if c == w - 1 or columns == 1:
            part[r, c] = plane[r, columns - 1]
            continue
        place = SINGLE(c) * across
        left = int(place)
        rest = place - SINGLE(left)
        part[r, c] = (SINGLE(1) - rest) * plane[r, left] + rest * plane[r, left + 1]
    for r in range(h):
        place = SINGLE(r) * down
        upper = int(place)
        rest = place - SINGLE(upper)
        out[r] = (SINGLE(1) - rest) * part[upper]
        if r < h - 1 and rows > 1:
            out[r] += rest * part[upper + 1]
    return out


def literal_letterbox(plane: np.ndarray, w: int, h: int) -> np.ndarray:
    rows, columns = plane.shape
    if SINGLE(w) / SINGLE(columns) < SINGLE(h) / SINGLE(rows):
        new_w, new_h = w, rows * w // columns
    else:
        new_w, new_h = columns * h // rows, h
    out = np.full((h, w), 0.5, SINGLE)
    top, left = (h - new_h) // 2, (w - new_w) // 2
    out[top : top + new_h, left : left + new_w] = literal_resize(plane, new_w, new_h)
    return out


# Width and height of the image, then of the input.
SHAPES = [
    (20, 15, 12, 12),
    (13, 17, 31, 26),
    (16, 16, 16, 16),
    (16, 9, 16, 20),
    (9, 16, 20, 16),
    (1, 9, 6, 6),
    (9, 1, 6, 6),
    (1, 1, 5, 4),
    (12, 10, 1, 7),
    (2, 2, 33, 17),
    (3, 640, 3, 288),
    (3, 64, 2, 30),
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_resize_and_prepare(shape: tuple[int, int, int, int], channels: int) -> None:
    width, height, w, h = shape
    pixels = noise(width, height, channels)
    chw = (pixels.astype(SINGLE) / SINGLE(255)).transpose(2, 0, 1)
    expected = torch.from_numpy(np.stack([literal_resize(plane, w, h) for plane in chw]))
    for found in (
        tensors.resize(to_tensor(pixels), w, h),
        prepare(pixels, channels, w, h, letter_box=False),
    ):
        assert found.is_contiguous()
        torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)


# Shapes that leave the image at least a pixel, two of them for Darknet's division.
@pytest.mark.parametrize("shape", [*(s for s in SHAPES if min(s) > 1), (1, 4, 6, 6), (1, 1, 5, 4)])
def test_letterbox(shape: tuple[int, int, int, int]) -> None:
    width, height, w, h = shape
    pixels = noise(width, height)
    chw = (pixels.astype(SINGLE) / SINGLE(255)).transpose(2, 0, 1)
    expected = torch.from_numpy(np.stack([literal_letterbox(plane, w, h) for plane in chw]))
    for found in (
        tensors.letterbox(to_tensor(pixels), w, h),
        prepare(pixels, 3, w, h, letter_box=True),
    ):
        torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)


def test_parts_and_orders_of_colours_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = noise(61, 83)
    for w, h in ((40, 64), (100, 33)):
        whole = resize.fit(pixels, 3, w, h, letter_box=False)
        assert whole.shape == (3, h, w) and whole.transpose(1, 2, 0).flags.c_contiguous
        bgr = np.ascontiguousarray(pixels[..., ::-1])
        assert (resize.fit(bgr, 3, w, h, False, "bgr") == whole).all()
        monkeypatch.setattr(resize, "BLOCK_BYTES", 5 * 2 * 16 * w)
        resize._plan.cache_clear()
        assert (resize.fit(pixels, 3, w, h, letter_box=False) == whole).all()
        monkeypatch.undo()
        resize._plan.cache_clear()
    grey = resize.fit(pixels, 1, 40, 64, letter_box=True)
    assert (grey == resize.fit(pixels[..., ::-1].copy(), 1, 40, 64, True, "bgr")).all()


def test_the_last_row_darknet_darkens() -> None:
    white = np.full((640, 4, 3), 255, np.uint8)
    found = prepare(white, 3, 4, 288, letter_box=False)
    assert found[:, :-1].min() > 0.999
    assert found[:, -1].max() < 0.001


def test_a_single_row_is_the_last_one() -> None:
    pixels = noise(6, 9)
    found = prepare(pixels, 3, 6, 1, letter_box=False)
    torch.testing.assert_close(found, to_tensor(pixels)[:, -1:])


def test_an_image_too_thin_for_the_box_keeps_a_row() -> None:
    found = prepare(np.full((1, 900, 3), 255, np.uint8), 3, 32, 32, letter_box=True)
    assert (found == 1).all(dim=2).sum(dim=1).tolist() == [1, 1, 1]


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("order", ["rgb", "bgr"])
def test_an_image_of_the_inputs_size_keeps_its_values(channels: int, order: str) -> None:
    """What interpolating between a pixel and none of its neighbour would give."""
    image = np.random.default_rng(channels).integers(0, 256, (9, 14, channels), np.uint8)
    found = resize.fit(image, channels, 14, 9, False, order)
    reds_first = image if order == "rgb" or channels == 1 else image[..., [2, 1, 0, 3][:channels]]
    expected = reds_first.astype(np.float32) / np.float32(255)
    assert found.dtype == np.float32 and (found == expected.transpose(2, 0, 1)).all()
    inside = resize.fit(image, channels, 14, 15, True, order)
    assert (inside[:, 3:12] == expected.transpose(2, 0, 1)).all()
    assert (inside[:, :3] == 0.5).all() and (inside[:, 12:] == 0.5).all()
