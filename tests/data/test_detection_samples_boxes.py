"""Training samples of detectors: boxes follow pixels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.coloured_samples import (
    Box,
    RectangleImage,
    config_of,
    in_memory,
    labelled,
    random_rectangles,
    require_alike,
    sample,
    seen,
    write,
)

from darknet_py.augment import mosaic
from darknet_py.augment.color import ColorParams
from darknet_py.augment.effects import BlurEffect, ColorEffect
from darknet_py.augment.params import AugmentParams
from darknet_py.augment.pixels import CropMargins, Window
from darknet_py.data import detection_samples
from darknet_py.data.detection_samples import DetectionSet


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("samples")


sides = st.integers(20, 150)
images = st.tuples(sides, sides)
net_sizes = st.sampled_from([(64, 48), (40, 72), (64, 64)])
seeds = st.integers(0, 10**6)


@given(
    seed=seeds,
    image=images,
    size=net_sizes,
    jitter=st.sampled_from([0, 0.2, 0.5, 0.9]),
    resize=st.sampled_from([0.5, 1, 1.5, 3]),
    flip=st.booleans(),
    letter_box=st.booleans(),
    channels=st.sampled_from([1, 3]),
)
def test_alexeyabs_boxes_follow_pixels(
    folder: Path,
    seed: int,
    image: tuple[int, int],
    size: tuple[int, int],
    jitter: float,
    resize: float,
    flip: bool,
    letter_box: bool,
    channels: int,
) -> None:
    """Crops within and beyond the image, mirrored, in the aspect of the input or their own."""
    config = replace(
        config_of(folder, channels=channels),
        jitter=jitter,
        resize=resize,
        flip=flip,
        letter_box=letter_box,
    )
    (rectangle,) = random_rectangles(np.random.default_rng(seed), [image])
    pixels, truth = sample(in_memory(folder, [rectangle], config), seed, size)
    require_alike(seen(pixels, 0), labelled(truth, config, size).get(0), 2)


@given(seed=seeds, image=images, size=net_sizes, jitter=st.sampled_from([0, 0.3, 0.8]))
def test_pjreddies_boxes_follow_pixels(
    folder: Path, seed: int, image: tuple[int, int], size: tuple[int, int], jitter: float
) -> None:
    config = replace(config_of(folder, fork="pjreddie"), jitter=jitter)
    # Larger than they appear: pjreddie's program puts images by their first pixel, not its corner.
    image = (image[0] + 60, image[1] + 60)
    (rectangle,) = random_rectangles(np.random.default_rng(seed), [image])
    pixels, truth = sample(in_memory(folder, [rectangle], config), seed, size)
    label = labelled(truth, config, size).get(0)
    if label is not None and size[0] != size[1]:
        # On inputs that are no square the image may reach beyond the canvas.
        assert np.array(label).min() >= -0.01
    require_alike(seen(pixels, 0), label, 2.5)


@pytest.mark.parametrize("fork", ["alexeyab", "pjreddie"])
@given(seed=seeds, image=images, size=net_sizes, jitter=st.sampled_from([0, 0.2, 0.6]))
def test_yolov1s_boxes_follow_pixels(
    folder: Path,
    seed: int,
    image: tuple[int, int],
    size: tuple[int, int],
    jitter: float,
    fork: str,
) -> None:
    config = replace(config_of(folder, kind="detection", fork=fork), jitter=jitter)
    image = (image[0] + 60, image[1] + 60)
    (rectangle,) = random_rectangles(np.random.default_rng(seed), [image])
    left, top, right, bottom = rectangle.corners
    # Not at the edges, which repeat beyond them.
    rectangle = replace(rectangle, corners=(max(9, left), max(9, top), right, bottom))
    right, bottom = min(right, image[0] - 9), min(bottom, image[1] - 9)
    rectangle = replace(
        rectangle, corners=(*rectangle.corners[:2], max(12, right), max(12, bottom))
    )
    pixels, truth = sample(in_memory(folder, [rectangle], config), seed, size)
    require_alike(seen(pixels, 0), labelled(truth, config, size).get(0), 2.5)


def within(box: Box | None, tile: Box) -> Box | None:
    if box is None:
        return None
    low, high = np.maximum(box[:2], tile[:2]), np.minimum(box[2:], tile[2:])
    return None if (low >= high).any() else (*low, *high)  # type: ignore[return-value]


@pytest.mark.parametrize("bound", [False, True])
@settings(max_examples=30)
@given(
    seed=seeds,
    sizes=st.lists(images, min_size=4, max_size=4),
    size=net_sizes,
    cut=st.tuples(st.floats(0.2, 0.8), st.floats(0.2, 0.8)),
    jitter=st.sampled_from([0, 0.2, 0.5]),
    resize=st.sampled_from([1, 1.5]),
)
def test_boxes_of_a_mosaic_follow_pixels(
    folder: Path,
    seed: int,
    sizes: list[tuple[int, int]],
    size: tuple[int, int],
    cut: tuple[float, float],
    jitter: float,
    resize: float,
    bound: bool,
) -> None:
    """With mosaic_bound boxes end with their tile; otherwise what is seen is a part of them."""
    config = config_of(folder, f"mosaic=1\nmosaic_bound={int(bound)}")
    config = replace(config, jitter=jitter, resize=resize)
    source = in_memory(folder, random_rectangles(np.random.default_rng(seed), sizes), config)
    x, y = int(cut[0] * size[0]), int(cut[1] * size[1])
    # The first number drawn says whether a sample is mixed.
    mixed = (n for n in range(seed, seed + 99) if np.random.default_rng((0, n)).random() < 0.5)
    with patch.object(mosaic, "random_cut", lambda rng, width, height: (x, y)):
        pixels, truth = sample(source, next(mixed), size)
    assert len(source.asked) == 4
    labels = labelled(truth, config, size)
    columns, rows = ((0, x), (x, size[0])), ((0, y), (y, size[1]))
    for tile, (column, row) in enumerate(mosaic.TILES):
        (left, right), (top, bottom) = columns[column], rows[row]
        visible, label = seen(pixels, tile), labels.get(tile)
        if bound:
            require_alike(visible, label, 2.5)
        elif label is not None:
            # Without a label the C program found the box to be as large as the input, or outside.
            require_alike(visible, within(label, (left, top, right, bottom)), 2.5)


def test_most_boxes_of_a_mosaic_are_kept(folder: Path) -> None:
    config = config_of(folder, "mosaic=1\nmosaic_bound=1", "jitter=.2")
    sizes = [(120, 90)] * 4
    made = random_rectangles(np.random.default_rng(3), sizes)
    counts = []
    for number in range(60):
        source = in_memory(folder, made, config)
        _, truth = sample(source, number, (64, 48))
        if len(source.asked) == 4:
            counts.append(len(labelled(truth, config, (64, 48))))
    assert 15 < len(counts) < 45
    assert 2.5 < np.mean(counts) < 4


@given(
    seed=seeds,
    corner=st.tuples(*[st.integers(-30, 30)] * 4),
    flip=st.booleans(),
    blur=st.sampled_from([0, 1, 5]),
    window=st.tuples(
        st.integers(0, 30), st.integers(0, 30), st.integers(1, 20), st.integers(1, 10)
    ),
)
def test_a_window_is_a_part_of_the_whole(
    seed: int,
    corner: tuple[int, int, int, int],
    flip: bool,
    blur: int,
    window: tuple[int, int, int, int],
) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (70, 90, 3), np.uint8)
    color = (ColorEffect(), ColorParams(0.1, 1.2, 0.8))
    effects = (color, (BlurEffect(blur), blur)) if blur else (color,)
    params = AugmentParams(CropMargins(*corner, 90, 70), flip, effects)
    labels = np.array([[0, 0.4, 0.5, 0.2, 0.3]], np.float32)
    size = (50, 40)
    whole, _ = detection_samples.rendered(pixels, params, labels, Window(0, 0, *size), size)
    part, _ = detection_samples.rendered(pixels, params, labels, Window(*window), size)
    # OpenCV's converters round differently at the end of a row.
    assert np.abs(Window(*window).of(whole).astype(int) - part).max() <= 1


def test_a_jpeg_decoded_at_a_part_of_its_size(tmp_path: Path) -> None:
    """Sixteen times larger than the input; the boxes lie as well as in the whole image."""
    rectangle = RectangleImage(1, (1000, 760), (300, 200, 650, 500))
    config = replace(config_of(tmp_path), jitter=0.4, resize=1.5)
    source = DetectionSet([write(tmp_path, rectangle, ".jpg")], config, reduced=True)
    reduced = []
    imdecode = cv2.imdecode

    def watched(data: np.ndarray, mode: int) -> np.ndarray:
        pixels = imdecode(data, mode)
        reduced.append(1000 / pixels.shape[1])
        return pixels

    with patch.object(cv2, "imdecode", watched):
        for number in range(30):
            pixels, truth = sample(source, number, (64, 48))
            require_alike(seen(pixels, 1), labelled(truth, config, (64, 48)).get(1), 2)
    assert min(reduced) > 3
    assert max(reduced) == 8
