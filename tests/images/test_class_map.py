"""Classes of pixels over an image."""

from __future__ import annotations

import numpy as np
import pytest

from darknet_py.images.class_map import (
    PAINT,
    best_classes,
    draw_classes,
    enlarged,
    name_region,
    of_image,
    outline,
    paint_region,
)
from darknet_py.images.draw import colour
from darknet_py.images.letterbox import Placement


def test_a_map_is_every_nth_pixel_of_its_input() -> None:
    score = np.random.default_rng(0).random((3, 5)).astype(np.float32)
    large = enlarged(score, 4)
    assert large.shape == (12, 20)
    np.testing.assert_allclose(large[::4, ::4], score, atol=1e-6)
    np.testing.assert_allclose(large[0, 2], (score[0, 0] + score[0, 1]) / 2, atol=1e-6)
    assert (large[:, 17:] == large[:, 16:17]).all()


@pytest.mark.parametrize(
    ("image", "window"), [((40, 20), np.s_[4:12, 0:16]), ((20, 40), np.s_[0:16, 4:12])]
)
def test_the_part_with_the_image(image: tuple[int, int], window: tuple[slice, slice]) -> None:
    score = np.arange(256, dtype=np.float32).reshape(16, 16)
    assert (of_image(score, Placement(*image, 16, 16, True)) == score[window]).all()


def test_the_first_of_equal_classes_is_best() -> None:
    scores = np.array([[[0.2, 0.9]], [[0.7, 0.9]], [[0.7, 0.1]]], np.float32)
    numbers, best = best_classes(list(scores))
    assert numbers.tolist() == [[1, 0]]
    assert best.tolist() == [pytest.approx([0.7, 0.9])]
    assert scores[0].tolist() == [pytest.approx([0.2, 0.9])]


def test_a_score_says_how_much_is_coloured() -> None:
    canvas = np.full((4, 6, 3), 100, np.uint8)
    share = np.zeros((4, 6), np.float32)
    share[1, 2], share[1, 3], share[2, 2] = 1, 0.5, 7
    paint_region(canvas, share, (0, 200, 255))
    assert canvas[1, 2].tolist() == canvas[2, 2].tolist() == [40, 160, 193]
    assert PAINT == 0.6
    assert canvas[1, 3].tolist() == [70, 130, 146]
    canvas[1, 2] = canvas[2, 2] = canvas[1, 3] = 100
    assert (canvas == 100).all()
    paint_region(canvas, np.zeros_like(share), (0, 200, 255))
    assert (canvas == 100).all()


def test_classes_have_darknets_colours() -> None:
    image = np.full((20, 40, 3), 100, np.uint8)
    scores = np.zeros((3, 5, 10), np.float32)
    scores[1, :, :5] = 1
    scores[2, :, 5:] = 1
    drawn = draw_classes(image, list(scores), ["a", "b", "a name that is far too long to be there"])
    for number, x in ((1, 2), (2, 37)):
        expected = 40 + 0.6 * np.array(colour(number, 3))
        np.testing.assert_allclose(drawn[1, x], expected, atol=1)
    assert (image == 100).all()


def test_a_class_of_no_score_leaves_the_image() -> None:
    image = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    assert (draw_classes(image, [np.zeros((4, 4), np.float32)], ["a"]) == image).all()


def test_names_stand_where_a_region_is_widest() -> None:
    canvas = np.zeros((120, 200, 3), np.uint8)
    inside = np.zeros((120, 200), np.bool_)
    inside[60:115, 120:190] = True
    inside[0:5] = True
    name_region(canvas, inside, "cat", (0, 255, 0))
    rows, columns = np.nonzero(canvas.any(axis=2))
    assert 60 < rows.min() < rows.max() < 115 and 120 < columns.min() < columns.max() < 195


@pytest.mark.parametrize(("size", "words"), [((120, 40), "a long name"), ((40, 300), "cat")])
def test_names_do_not_hide_small_images(size: tuple[int, int], words: str) -> None:
    small = np.zeros((*size, 3), np.uint8)
    name_region(small, np.ones(size, np.bool_), words, (0, 255, 0))
    assert not small.any()


def test_an_outline_is_the_edge() -> None:
    canvas = np.zeros((30, 30, 3), np.uint8)
    inside = np.zeros((30, 30), np.bool_)
    inside[10:20, 8:25] = True
    outline(canvas, inside, (0, 0, 255))
    assert canvas[10, 8:25, 2].all() and canvas[19, 8:25, 2].all()
    assert not canvas[13:17, 12:21].any() and not canvas[:8].any()
