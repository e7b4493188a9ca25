"""Where an image lies in a sample: letter box, jitter, resize, canvas, corners of a mosaic."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.coloured_samples import GROUND, config_of, sample

from darknet_py.augment.draws import SampleDraws
from darknet_py.augment.params import alexeyab_params, canvas_params, letter_boxed, yolov1_params
from darknet_py.augment.pixels import CropMargins
from darknet_py.data.detection_samples import DetectionSet
from darknet_py.images.reduced_images import Decoded


def test_letter_box_shows_the_whole_image_in_its_aspect(tmp_path: Path) -> None:
    config = config_of(tmp_path, "letter_box=1\nflip=0")
    halves = np.zeros((50, 100, 3), np.uint8)
    halves[:, 50:] = 200
    source = DetectionSet(["a.png"], config, {"a.png": Decoded(halves, (100, 50))})
    pixels, _ = sample(source, 0, (64, 64))
    assert (pixels[:16] == 100).all()
    assert (pixels[-16:] == 100).all()
    assert (pixels[17:47, :31] == 0).all()
    assert (pixels[17:47, 33:] == 200).all()


@pytest.mark.parametrize(
    ("image", "net_size", "expected"),
    [
        ((100, 50), (64, 64), (0, 0, -25, -25)),
        ((50, 100), (64, 64), (-25, -25, 0, 0)),
        ((100, 50), (64, 32), (0, 0, 0, 0)),
        ((100, 100), (32, 64), (0, 0, -50, -50)),
        ((101, 100), (64, 64), (0, 0, 0, 0)),
    ],
)
def test_margins_of_the_letter_box(
    image: tuple[int, int], net_size: tuple[int, int], expected: tuple[int, ...]
) -> None:
    crop = letter_boxed(CropMargins(0, 0, 0, 0, *image), net_size)
    assert (crop.left, crop.right, crop.top, crop.bottom) == expected
    assert (crop.width, crop.height) == image


def test_every_other_image_of_a_mosaic_is_moved_to_its_corner(tmp_path: Path) -> None:
    config = replace(config_of(tmp_path), jitter=0.4)
    rng = np.random.default_rng(0)
    for tile, flipped in ((0, False), (0, True), (3, False)):
        drawn = [
            alexeyab_params(SampleDraws.of(rng), config, (999, 999), (64, 48), tile)
            for _ in range(300)
        ]
        crops = [params.crop for params in drawn if params.flip is flipped]
        (outer, inner), bottom = ("left", "right"), "bottom"
        if (tile == 0) == flipped:
            outer, inner = inner, outer
        if tile == 3:
            outer, inner, bottom = "right", "left", "top"
        moved = np.mean([getattr(crop, outer) == 0 for crop in crops])
        assert 0.35 < moved < 0.65
        assert np.mean([getattr(crop, inner) == 0 for crop in crops]) < 0.05
        spread = [abs(getattr(crop, bottom)) for crop in crops if getattr(crop, outer) == 0]
        assert max(spread) > 400


@pytest.mark.parametrize("kind", ["yolo", "detection"])
def test_no_crop_shows_nothing(tmp_path: Path, kind: str) -> None:
    config = replace(config_of(tmp_path, kind=kind), jitter=1.5)
    rng = np.random.default_rng(0)
    make = yolov1_params if kind == "detection" else alexeyab_params
    sizes = [(100, 60)] if kind == "detection" else [(100, 60), (64, 48)]
    for _ in range(500):
        crop = make(SampleDraws.of(rng) if make is alexeyab_params else rng, config, *sizes).crop
        assert max(0, crop.left) + max(0, crop.right) < 100
        assert max(0, crop.top) + max(0, crop.bottom) < 60
    assert crop.size > (0, 0)


def test_jitter_0_and_resize_1_stretch_the_image(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8)
    source = DetectionSet(
        ["a.png"], config_of(tmp_path, "flip=0"), {"a.png": Decoded(image, (128, 96))}
    )
    pixels, _ = sample(source, 0, (100, 70))
    assert (pixels == cv2.resize(image, (100, 70))).all()


@pytest.mark.parametrize(("resize", "low", "high"), [(1.5, 2 / 3, 1.5), (0.5, 0.5, 1), (1, 1, 1)])
def test_resize_makes_images_smaller_or_larger(
    tmp_path: Path, resize: float, low: float, high: float
) -> None:
    config = replace(config_of(tmp_path), resize=resize)
    rng = np.random.default_rng(0)
    crops = [
        alexeyab_params(SampleDraws.of(rng), config, (1000, 500), (64, 48)).crop for _ in range(500)
    ]
    factors = np.array([[1000 / crop.size[0], 500 / crop.size[1]] for crop in crops])
    assert factors.min() >= low - 0.01
    assert factors.max() <= high + 0.01
    assert np.ptp(factors) >= 0.6 * (high - low)
    # Both axes alike, so that the aspect stays.
    np.testing.assert_allclose(factors[:, 0], factors[:, 1], atol=0.02)


def test_jitter_moves_each_side_by_itself(tmp_path: Path) -> None:
    config = replace(config_of(tmp_path), jitter=0.3)
    rng = np.random.default_rng(0)
    crops = [
        alexeyab_params(SampleDraws.of(rng), config, (100, 50), (64, 48)).crop for _ in range(500)
    ]
    sides = np.array([[crop.left, crop.right, crop.top, crop.bottom] for crop in crops])
    assert (np.abs(sides).max(axis=0) <= [30, 30, 15, 15]).all()
    assert (np.ptp(sides, axis=0) > [54, 54, 27, 27]).all()
    assert np.abs(np.corrcoef(sides.T) - np.eye(4)).max() < 0.15


def test_pjreddies_images_fit_the_canvas_anywhere(tmp_path: Path) -> None:
    config = config_of(tmp_path, fork="pjreddie")
    rng = np.random.default_rng(0)
    wide = [canvas_params(rng, config, (200, 100), (64, 64)) for _ in range(300)]
    assert {params.size for params in wide} == {(64.0, 32.0)}
    assert {params.corner[0] for params in wide} == {0.0}
    tops = np.array([params.corner[1] for params in wide])
    assert 0 <= tops.min() < 2 < 30 < tops.max() <= 32
    assert canvas_params(rng, config, (50, 100), (64, 64)).size == (32.0, 64.0)
    assert canvas_params(rng, config, (80, 100), (64, 64)).size == (51.2, 64.0)
    assert canvas_params(rng, config, (125, 100), (64, 64)).size == (64.0, 51.2)
    jittered = [
        canvas_params(rng, replace(config, jitter=0.5), (100, 100), (64, 64)) for _ in range(300)
    ]
    aspects = np.array([params.size[0] / params.size[1] for params in jittered])
    assert 1 / 3 <= aspects.min() < 0.5 < 2 < aspects.max() <= 3
    assert 0.4 < np.mean([params.flip for params in jittered]) < 0.6


def test_pjreddies_canvas_is_grey(tmp_path: Path) -> None:
    config = config_of(tmp_path, fork="pjreddie")
    source = DetectionSet(
        ["a.png"], config, {"a.png": Decoded(np.zeros((50, 100, 3), np.uint8), (100, 50))}
    )
    pixels, _ = sample(source, 3, (64, 64))
    values, counts = np.unique(pixels, return_counts=True)
    assert values.tolist() == [0, 128]
    assert abs(counts[0] - counts[1]) <= 2 * 64 * 3


def test_the_mean_fills_what_lies_beyond_an_image(tmp_path: Path) -> None:
    image = np.full((40, 60, 3), GROUND, np.uint8)
    config = replace(config_of(tmp_path), resize=0.25)
    source = DetectionSet(["a.png"], config, {"a.png": Decoded(image, (60, 40))})
    for number in range(5):
        assert (sample(source, number, (64, 48))[0] == GROUND).all()
