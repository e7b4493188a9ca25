"""Mixes of images: where pixels come from, and labels by area."""

from __future__ import annotations

import numpy as np
import pytest

from darknet_py.augment.mix import cutmix, mixup, mosaic, random_cross, random_cut, weighted_labels
from darknet_py.layers.tree import UNKNOWN

WIDTH, HEIGHT = 40, 30


def part(value: int, hit: int) -> tuple[np.ndarray, np.ndarray]:
    truth = np.zeros(4, np.float32)
    truth[hit] = 1
    return np.full((HEIGHT, WIDTH, 3), value, np.uint8), truth


def test_mixup_is_the_mean() -> None:
    pixels, truth = mixup(part(10, 0), part(254, 2))
    assert set(pixels.ravel().tolist()) == {132}
    assert truth.tolist() == [0.5, 0, 0.5, 0]


def test_cutmix_takes_a_rectangle_and_its_share_of_the_label() -> None:
    pixels, truth = cutmix(part(1, 0), part(2, 1), (5, 10, 25, 22))
    assert (pixels[10:22, 5:25] == 2).all()
    assert (pixels == 2).sum() == 3 * 20 * 12
    assert truth == pytest.approx([1 - 240 / 1200, 240 / 1200, 0, 0])


def test_mosaic_takes_quarters_in_place_and_shares_by_area() -> None:
    pixels, truth = mosaic([part(n + 1, n) for n in range(4)], (10, 12))
    assert (pixels[:12, :10] == 1).all()
    assert (pixels[:12, 10:] == 2).all()
    assert (pixels[12:, :10] == 3).all()
    assert (pixels[12:, 10:] == 4).all()
    assert truth == pytest.approx([0.1, 0.3, 0.15, 0.45])


def test_inputs_stay_as_they_are() -> None:
    first, second = part(1, 0), part(2, 1)
    cutmix(first, second, (0, 0, 10, 10))
    mosaic([first, second, first, second], (10, 10))
    assert (first[0] == 1).all()
    assert first[1].tolist() == [1, 0, 0, 0]


def test_same_class_everywhere_stays_whole() -> None:
    assert mosaic([part(n, 2) for n in range(4)], (11, 13))[1] == pytest.approx([0, 0, 1, 0])


def test_what_only_some_know_is_their_mean() -> None:
    known = np.array([1, 0, UNKNOWN, 0.5], np.float32)
    other = np.array([0, UNKNOWN, UNKNOWN, 0.5], np.float32)
    assert weighted_labels([known, other], [0.75, 0.25]).tolist() == [0.75, 0, UNKNOWN, 0.5]


def test_cuts_have_the_sizes_of_the_c_program() -> None:
    rng = np.random.default_rng(0)
    cuts = np.array([random_cut(rng, 100, 50) for _ in range(500)])
    sizes = cuts[:, 2:] - cuts[:, :2]
    assert sizes.min(axis=0).tolist() == [30, 15]
    assert sizes.max(axis=0).tolist() == [80, 40]
    assert cuts.min() == 0
    assert (cuts[:, 2:] <= [99, 49]).all()


def test_crosses_leave_a_fifth_on_each_side() -> None:
    rng = np.random.default_rng(0)
    crosses = np.array([random_cross(rng, 100, 50) for _ in range(800)])
    assert crosses.min(axis=0).tolist() == [20, 10]
    assert crosses.max(axis=0).tolist() == [80, 40]


def test_the_smallest_images_can_be_mixed() -> None:
    rng = np.random.default_rng(0)
    for size in (1, 2, 3):
        left, top, right, bottom = random_cut(rng, size, size)
        assert 0 <= left <= right <= size
        assert 0 <= top <= bottom <= size
