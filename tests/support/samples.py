"""Training samples of detectors as the tests take them, and what is to be seen in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from darknet_py.augment.config import Recipe
from darknet_py.augment.pixels import Pixels
from darknet_py.data.detection_samples import DetectionSet
from support.coloured_images import Box, graph

LARGE = 3
"""Pixels of a side from which on a box is to be seen and labelled."""


def recipe_of(folder: Path, net: str = "", head: str = "jitter=0", **where: object) -> Recipe:
    return Recipe.of(graph(folder, net, head, **where))  # type: ignore[arg-type]


def sample(
    source: DetectionSet, number: int, size: tuple[int, int], seed: int = 0
) -> tuple[Pixels, np.ndarray]:
    """The image as (H, W, C), and the truth."""
    pixels, truth = source.sample(number, *size, seed)
    assert (pixels.dtype, truth.dtype) == (np.uint8, np.float32)
    assert pixels.shape == (source.recipe.channels, size[1], size[0])
    assert pixels.flags.c_contiguous
    assert np.isfinite(truth).all()
    return pixels.transpose(1, 2, 0), truth


def is_large(box: Box | None) -> bool:
    return box is not None and box[2] - box[0] >= LARGE and box[3] - box[1] >= LARGE


def require_alike(pixels: Box | None, label: Box | None, tolerance: float) -> None:
    if is_large(pixels) or is_large(label):
        assert pixels is not None and label is not None, (pixels, label)
        np.testing.assert_allclose(pixels, label, atol=tolerance)
