"""Backgrounds with their patterns, and what the camera does."""

from __future__ import annotations

import numpy as np
import pytest
from support.drawn_shapes import rng

from darknet_py.synthetic import backdrop


def test_grey_images_have_no_colour() -> None:
    image = backdrop.finish(rng(3), backdrop.background(rng(2), 60, 40), grey=True)
    assert int(np.ptp(image.astype(int), axis=2).max()) <= 2  # what JPEG may add


@pytest.mark.parametrize("pattern", backdrop.PATTERNS, ids=lambda p: p.__name__)
def test_patterns_leave_some_of_the_background(pattern: object) -> None:
    assert callable(pattern)
    masks = [pattern(rng(seed), 90, 70) for seed in range(4)]
    assert all(mask.shape == (70, 90) and mask.dtype == np.uint8 for mask in masks)
    assert any(0 < mask.mean() < 255 for mask in masks)
