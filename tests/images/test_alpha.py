"""channels=4: the images of a network that sees alpha, which is opaque where there is none."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from support.tiny_detector import files

import darknet_py
from darknet_py.augment.color import ColorParams, adjust_color, adjust_color_8bit
from darknet_py.images.frames import file_frame
from darknet_py.images.io import Pixels, bgr_pixels, open_image, read_image, to_bgr, with_channels
from darknet_py.images.resize import fit

SIZE = (20, 30)


def noise(channels: int, kind: type = np.uint8, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(0, np.iinfo(kind).max + 1, (*SIZE, channels), kind)


def written(folder: Path, pixels: np.ndarray, name: str = "a.png") -> Path:
    assert cv2.imwrite(str(folder / name), pixels)
    return folder / name


def rgba(bgra: np.ndarray) -> np.ndarray:
    return bgra[..., [2, 1, 0, 3]]


def opaque(bgr: np.ndarray) -> np.ndarray:
    return np.dstack([bgr, np.full(SIZE, 255, np.uint8)])


def test_alpha_of_a_file_is_read(tmp_path: Path) -> None:
    pixels = noise(4)
    path = written(tmp_path, pixels)
    assert (read_image(path, 4) == rgba(pixels)).all()
    assert (file_frame(path).read(4).pixels == pixels).all()
    assert (read_image(path, 3) == cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGB)).all()
    deep = noise(4, np.uint16)
    assert (read_image(written(tmp_path, deep), 4) == rgba(deep >> 8)).all()
    assert (open_image(path).decode_bgr(4) == deep >> 8).all()


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.bmp"])
@pytest.mark.parametrize("channels", [1, 3])
def test_images_without_alpha_are_opaque(tmp_path: Path, name: str, channels: int) -> None:
    path = written(tmp_path, noise(channels), name)
    found = read_image(path, 4)
    assert (found[..., :3] == read_image(path, 3)).all()
    assert (found[..., 3] == 255).all()
    assert (read_image(path, 4, honour_exif=True) == found).all()


def test_a_jpeg_may_be_reduced(tmp_path: Path) -> None:
    encoded = open_image(written(tmp_path, noise(3), "a.jpg"))
    assert (encoded.decode(4, reduce=2)[..., :3] == encoded.decode(3, reduce=2)).all()
    assert encoded.decode(4, reduce=2).shape == (10, 15, 4)


def test_arrays(tmp_path: Path) -> None:
    pixels = noise(4)
    assert (bgr_pixels(pixels, 4) == pixels).all()
    assert (bgr_pixels(pixels[..., :3], 4) == opaque(pixels[..., :3])).all()
    assert (bgr_pixels(pixels, 3) == pixels[..., :3]).all()
    assert (bgr_pixels(pixels, 1) == bgr_pixels(pixels[..., :3], 1)).all()
    assert (bgr_pixels(pixels[..., 0], 4)[..., :3] == pixels[..., :1]).all()
    assert (to_bgr(with_channels(rgba(pixels), 4)) == pixels[..., :3]).all()


@pytest.mark.parametrize("letter_box", [False, True])
def test_fitted_colours_are_those_of_three_channels(letter_box: bool) -> None:
    pixels = noise(4)
    found = fit(pixels, 4, 16, 24, letter_box, "bgr")
    colours = fit(np.ascontiguousarray(pixels[..., :3]), 3, 16, 24, letter_box, "bgr")
    alpha = fit(np.ascontiguousarray(pixels[..., 3:]), 1, 16, 24, letter_box)
    assert (found == np.concatenate([colours, alpha])).all()
    assert (fit(rgba(pixels).copy(), 4, 16, 24, letter_box) == found).all()


@pytest.mark.parametrize("adjust", [adjust_color, adjust_color_8bit])
def test_colours_change_and_alpha_does_not(adjust: object) -> None:
    pixels: Pixels = noise(4)
    params = ColorParams(0.1, 1.4, 0.8)
    found = adjust(pixels, params)  # type: ignore[operator]
    colours = adjust(np.ascontiguousarray(pixels[..., :3]), params)  # type: ignore[operator]
    assert (found == np.dstack([colours, pixels[..., 3:]])).all()


def test_a_detector_of_four_channels(tmp_path: Path) -> None:
    detector = darknet_py.load(*files(tmp_path, channels=4), names=["a", "b", "c"])
    pixels = noise(4)
    path = written(tmp_path, pixels)
    seen, plain = detector(str(path), thresh=0.2), detector(pixels[..., :3].copy(), thresh=0.2)
    assert len(seen) and len(plain)
    assert (seen.image == pixels[..., :3]).all() and (plain.image == seen.image).all()
    assert not np.array_equal(seen.boxes.confidence, plain.boxes.confidence)
    again = detector(opaque(pixels[..., :3]), thresh=0.2)
    assert (again.boxes.xywhn == plain.boxes.xywhn).all()
