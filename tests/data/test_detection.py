"""Training samples of detectors: boxes follow pixels, samples repeat, odd pictures and labels."""

from __future__ import annotations

import os
import pickle
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import cv2
import numpy as np
import pytest
from data.coloured_pictures import (
    GROUND,
    Box,
    Scene,
    graph,
    in_memory,
    labelled,
    rows_of,
    scenes,
    seen,
    write,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from darknet_py.data import detection, mosaic
from darknet_py.data.augment import Colour, Crop, Pixels, Window
from darknet_py.data.detection import DetectionSet
from darknet_py.data.jitter import Draw, draw_alexeyab, draw_canvas, draw_cells, letter_boxed
from darknet_py.data.recipe import Recipe
from darknet_py.errors import DataError, ImageError
from darknet_py.images.reduced import Decoded

LARGE = 3
"""Pixels of a side from which on a box is to be seen and labelled."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pictures")


def recipe_of(folder: Path, net: str = "", head: str = "jitter=0", **where: object) -> Recipe:
    return Recipe.of(graph(folder, net, head, **where))  # type: ignore[arg-type]


def sample(
    source: DetectionSet, number: int, size: tuple[int, int], seed: int = 0
) -> tuple[Pixels, np.ndarray]:
    """The picture as (H, W, C), and the truth."""
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


sides = st.integers(20, 150)
pictures = st.tuples(sides, sides)
net_sizes = st.sampled_from([(64, 48), (40, 72), (64, 64)])
seeds = st.integers(0, 10**6)


@given(
    seed=seeds,
    picture=pictures,
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
    picture: tuple[int, int],
    size: tuple[int, int],
    jitter: float,
    resize: float,
    flip: bool,
    letter_box: bool,
    channels: int,
) -> None:
    """Crops within and beyond the picture, mirrored, in the aspect of the input or their own."""
    recipe = replace(
        recipe_of(folder, channels=channels),
        jitter=jitter,
        resize=resize,
        flip=flip,
        letter_box=letter_box,
    )
    (scene,) = scenes(np.random.default_rng(seed), [picture])
    pixels, truth = sample(in_memory(folder, [scene], recipe), seed, size)
    require_alike(seen(pixels, 0), labelled(truth, recipe, size).get(0), 2)


@given(seed=seeds, picture=pictures, size=net_sizes, jitter=st.sampled_from([0, 0.3, 0.8]))
def test_pjreddies_boxes_follow_pixels(
    folder: Path, seed: int, picture: tuple[int, int], size: tuple[int, int], jitter: float
) -> None:
    recipe = replace(recipe_of(folder, fork="pjreddie"), jitter=jitter)
    # Larger than they appear: pjreddie's places pictures by their first pixel, not its corner.
    picture = (picture[0] + 60, picture[1] + 60)
    (scene,) = scenes(np.random.default_rng(seed), [picture])
    pixels, truth = sample(in_memory(folder, [scene], recipe), seed, size)
    label = labelled(truth, recipe, size).get(0)
    if label is not None and size[0] != size[1]:
        # On inputs that are no square the picture may reach beyond the canvas.
        assert np.array(label).min() >= -0.01
    require_alike(seen(pixels, 0), label, 2.5)


@pytest.mark.parametrize("fork", ["alexeyab", "pjreddie"])
@given(seed=seeds, picture=pictures, size=net_sizes, jitter=st.sampled_from([0, 0.2, 0.6]))
def test_yolov1s_boxes_follow_pixels(
    folder: Path,
    seed: int,
    picture: tuple[int, int],
    size: tuple[int, int],
    jitter: float,
    fork: str,
) -> None:
    recipe = replace(recipe_of(folder, kind="detection", fork=fork), jitter=jitter)
    picture = (picture[0] + 60, picture[1] + 60)
    (scene,) = scenes(np.random.default_rng(seed), [picture])
    left, top, right, bottom = scene.corners
    # Not at the edges, which repeat beyond them.
    scene = replace(scene, corners=(max(9, left), max(9, top), right, bottom))
    right, bottom = min(right, picture[0] - 9), min(bottom, picture[1] - 9)
    scene = replace(scene, corners=(*scene.corners[:2], max(12, right), max(12, bottom)))
    pixels, truth = sample(in_memory(folder, [scene], recipe), seed, size)
    require_alike(seen(pixels, 0), labelled(truth, recipe, size).get(0), 2.5)


def within(box: Box | None, tile: Box) -> Box | None:
    if box is None:
        return None
    low, high = np.maximum(box[:2], tile[:2]), np.minimum(box[2:], tile[2:])
    return None if (low >= high).any() else (*low, *high)  # type: ignore[return-value]


@pytest.mark.parametrize("bound", [False, True])
@settings(max_examples=30)
@given(
    seed=seeds,
    sizes=st.lists(pictures, min_size=4, max_size=4),
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
    recipe = recipe_of(folder, f"mosaic=1\nmosaic_bound={int(bound)}")
    recipe = replace(recipe, jitter=jitter, resize=resize)
    source = in_memory(folder, scenes(np.random.default_rng(seed), sizes), recipe)
    x, y = int(cut[0] * size[0]), int(cut[1] * size[1])
    # The first number drawn says whether a sample is mixed.
    mixed = (n for n in range(seed, seed + 99) if np.random.default_rng((0, n)).random() < 0.5)
    with patch.object(mosaic, "draw_cut", lambda rng, width, height: (x, y)):
        pixels, truth = sample(source, next(mixed), size)
    assert len(source.asked) == 4
    labels = labelled(truth, recipe, size)
    columns, rows = ((0, x), (x, size[0])), ((0, y), (y, size[1]))
    for tile, (column, row) in enumerate(mosaic.TILES):
        (left, right), (top, bottom) = columns[column], rows[row]
        found, label = seen(pixels, tile), labels.get(tile)
        if bound:
            require_alike(found, label, 2.5)
        elif label is not None:
            # Without a label the C program found the box to be as large as the input, or outside.
            require_alike(found, within(label, (left, top, right, bottom)), 2.5)


def test_most_boxes_of_a_mosaic_are_kept(folder: Path) -> None:
    recipe = recipe_of(folder, "mosaic=1\nmosaic_bound=1", "jitter=.2")
    sizes = [(120, 90)] * 4
    made = scenes(np.random.default_rng(3), sizes)
    counts = []
    for number in range(40):
        source = in_memory(folder, made, recipe)
        _, truth = sample(source, number, (64, 48))
        if len(source.asked) == 4:
            counts.append(len(labelled(truth, recipe, (64, 48))))
    assert 10 < len(counts) < 30
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
    draw = Draw(Crop(*corner, 90, 70), flip, Colour(0.1, 1.2, 0.8), blur)
    labels = np.array([[0, 0.4, 0.5, 0.2, 0.3]], np.float32)
    size = (50, 40)
    whole = detection.rendered(pixels, draw, labels, Window(0, 0, *size), size)
    part = detection.rendered(pixels, draw, labels, Window(*window), size)
    # OpenCV's converters round differently at the end of a row.
    assert np.abs(Window(*window).of(whole).astype(int) - part).max() <= 1


def test_a_jpeg_decoded_at_a_part_of_its_size(tmp_path: Path) -> None:
    """Sixteen times larger than the input; the boxes lie as well as in the whole picture."""
    scene = Scene(1, (1000, 760), (300, 200, 650, 500))
    recipe = replace(recipe_of(tmp_path), jitter=0.4, resize=1.5)
    source = DetectionSet([write(tmp_path, scene, ".jpg")], recipe)
    reduced = []
    imdecode = cv2.imdecode

    def watched(data: np.ndarray, mode: int) -> np.ndarray:
        pixels = imdecode(data, mode)
        reduced.append(1000 / pixels.shape[1])
        return pixels

    with patch.object(cv2, "imdecode", watched):
        for number in range(30):
            pixels, truth = sample(source, number, (64, 48))
            require_alike(seen(pixels, 1), labelled(truth, recipe, (64, 48)).get(1), 2)
    assert min(reduced) > 3
    assert max(reduced) == 8


def test_letter_box_shows_the_whole_picture_in_its_aspect(tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path, "letter_box=1\nflip=0")
    halves = np.zeros((50, 100, 3), np.uint8)
    halves[:, 50:] = 200
    source = DetectionSet(["a.png"], recipe, {"a.png": Decoded(halves, (100, 50))})
    pixels, _ = sample(source, 0, (64, 64))
    assert (pixels[:16] == 100).all()
    assert (pixels[-16:] == 100).all()
    assert (pixels[17:47, :31] == 0).all()
    assert (pixels[17:47, 33:] == 200).all()


@pytest.mark.parametrize(
    ("picture", "net_size", "expected"),
    [
        ((100, 50), (64, 64), (0, 0, -25, -25)),
        ((50, 100), (64, 64), (-25, -25, 0, 0)),
        ((100, 50), (64, 32), (0, 0, 0, 0)),
        ((100, 100), (32, 64), (0, 0, -50, -50)),
        ((101, 100), (64, 64), (0, 0, 0, 0)),
    ],
)
def test_margins_of_the_letter_box(
    picture: tuple[int, int], net_size: tuple[int, int], expected: tuple[int, ...]
) -> None:
    crop = letter_boxed(Crop(0, 0, 0, 0, *picture), net_size)
    assert (crop.left, crop.right, crop.top, crop.bottom) == expected
    assert (crop.width, crop.height) == picture


def test_every_other_picture_of_a_mosaic_is_moved_to_its_corner(tmp_path: Path) -> None:
    recipe = replace(recipe_of(tmp_path), jitter=0.4)
    rng = np.random.default_rng(0)
    for tile, flipped in ((0, False), (0, True), (3, False)):
        drawn = [draw_alexeyab(rng, recipe, (999, 999), (64, 48), tile) for _ in range(300)]
        crops = [draw.crop for draw in drawn if draw.flip is flipped]
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
    recipe = replace(recipe_of(tmp_path, kind=kind), jitter=1.5)
    rng = np.random.default_rng(0)
    draw = draw_cells if kind == "detection" else draw_alexeyab
    sizes = [(100, 60)] if kind == "detection" else [(100, 60), (64, 48)]
    for _ in range(500):
        crop = draw(rng, recipe, *sizes).crop
        assert max(0, crop.left) + max(0, crop.right) < 100
        assert max(0, crop.top) + max(0, crop.bottom) < 60
    assert crop.size > (0, 0)


def test_jitter_0_and_resize_1_stretch_the_picture(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8)
    source = DetectionSet(
        ["a.png"], recipe_of(tmp_path, "flip=0"), {"a.png": Decoded(picture, (128, 96))}
    )
    pixels, _ = sample(source, 0, (100, 70))
    assert (pixels == cv2.resize(picture, (100, 70))).all()


@pytest.mark.parametrize(("resize", "low", "high"), [(1.5, 2 / 3, 1.5), (0.5, 0.5, 1), (1, 1, 1)])
def test_resize_makes_pictures_smaller_or_larger(
    tmp_path: Path, resize: float, low: float, high: float
) -> None:
    recipe = replace(recipe_of(tmp_path), resize=resize)
    rng = np.random.default_rng(0)
    crops = [draw_alexeyab(rng, recipe, (1000, 500), (64, 48)).crop for _ in range(500)]
    factors = np.array([[1000 / crop.size[0], 500 / crop.size[1]] for crop in crops])
    assert factors.min() >= low - 0.01
    assert factors.max() <= high + 0.01
    assert np.ptp(factors) >= 0.6 * (high - low)
    # Both axes alike, so that the aspect stays.
    np.testing.assert_allclose(factors[:, 0], factors[:, 1], atol=0.02)


def test_jitter_moves_each_side_by_itself(tmp_path: Path) -> None:
    recipe = replace(recipe_of(tmp_path), jitter=0.3)
    rng = np.random.default_rng(0)
    crops = [draw_alexeyab(rng, recipe, (100, 50), (64, 48)).crop for _ in range(500)]
    sides = np.array([[crop.left, crop.right, crop.top, crop.bottom] for crop in crops])
    assert (np.abs(sides).max(axis=0) <= [30, 30, 15, 15]).all()
    assert (np.ptp(sides, axis=0) > [54, 54, 27, 27]).all()
    assert np.abs(np.corrcoef(sides.T) - np.eye(4)).max() < 0.15


def test_pjreddies_pictures_fit_the_canvas_at_any_place(tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path, fork="pjreddie")
    rng = np.random.default_rng(0)
    wide = [draw_canvas(rng, recipe, (200, 100), (64, 64)) for _ in range(300)]
    assert {draw.size for draw in wide} == {(64.0, 32.0)}
    assert {draw.at[0] for draw in wide} == {0.0}
    tops = np.array([draw.at[1] for draw in wide])
    assert 0 <= tops.min() < 2 < 30 < tops.max() <= 32
    assert draw_canvas(rng, recipe, (50, 100), (64, 64)).size == (32.0, 64.0)
    assert draw_canvas(rng, recipe, (80, 100), (64, 64)).size == (51.2, 64.0)
    assert draw_canvas(rng, recipe, (125, 100), (64, 64)).size == (64.0, 51.2)
    jittered = [
        draw_canvas(rng, replace(recipe, jitter=0.5), (100, 100), (64, 64)) for _ in range(300)
    ]
    aspects = np.array([draw.size[0] / draw.size[1] for draw in jittered])
    assert 1 / 3 <= aspects.min() < 0.5 < 2 < aspects.max() <= 3
    assert 0.4 < np.mean([draw.flip for draw in jittered]) < 0.6


def test_pjreddies_canvas_is_grey(tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path, fork="pjreddie")
    source = DetectionSet(
        ["a.png"], recipe, {"a.png": Decoded(np.zeros((50, 100, 3), np.uint8), (100, 50))}
    )
    pixels, _ = sample(source, 3, (64, 64))
    values, counts = np.unique(pixels, return_counts=True)
    assert values.tolist() == [0, 128]
    assert abs(counts[0] - counts[1]) <= 2 * 64 * 3


def test_flip_0_never_flips_and_1_every_other_time(folder: Path) -> None:
    scene = Scene(0, (100, 80), (10, 10, 30, 40))
    for flip, least, most in ((0, 0, 0), (1, 12, 28)):
        recipe = recipe_of(folder, f"flip={flip}")
        source = in_memory(folder, [scene], recipe)
        boxes = [labelled(sample(source, n, (64, 48))[1], recipe, (64, 48))[0] for n in range(40)]
        assert least <= sum(box[0] > 32 for box in boxes) <= most
    # pjreddie's program does not ask, nor does either one's YOLOv1.
    for where in ({"fork": "pjreddie"}, {"kind": "detection"}):
        recipe = recipe_of(folder, "flip=0", **where)
        source = in_memory(folder, [scene], recipe)
        boxes = [labelled(sample(source, n, (64, 64))[1], recipe, (64, 64))[0] for n in range(40)]
        assert 10 <= sum(box[0] > 32 for box in boxes) <= 30


def test_half_of_the_samples_are_mixed(folder: Path) -> None:
    sizes = [(40, 30)] * 4
    for net, count in (("mosaic=1", 4), ("mixup=1", 2), ("", 1)):
        source = in_memory(folder, scenes(np.random.default_rng(0), sizes), recipe_of(folder, net))
        counts = [len(source.drawn(number, 64, 48, 0)) for number in range(200)]
        assert set(counts) == {1, count}
        assert count == 1 or 70 < counts.count(count) < 130


def test_mixup_is_the_mean_with_the_labels_of_both(folder: Path) -> None:
    made = scenes(np.random.default_rng(0), [(64, 48), (64, 48)])
    recipe = recipe_of(folder, "mixup=1\nflip=0")
    source = in_memory(folder, made, recipe)
    number = next(n for n in range(99) if len(source.drawn(n, 64, 48, 0)) == 2)
    pixels, truth = sample(source, number, (64, 48))
    mean = (made[0].pixels().astype(int) + made[1].pixels()) / 2
    assert np.abs(pixels - mean).max() <= 0.5
    rows = [row[0] for row in rows_of(truth, recipe)]
    assert sorted(rows) == [0, 1]


def test_colours_blur_and_noise_reach_the_picture(folder: Path) -> None:
    """Each option by itself changes about the share of the samples it should."""
    colours = np.random.default_rng(0).integers(60, 190, (48, 64, 3), np.uint8)
    (path,) = in_memory(folder, [Scene(0, (64, 48), (10, 10, 50, 40))], recipe_of(folder)).images
    held = {path: Decoded(colours, (64, 48))}
    still = sample(DetectionSet([path], recipe_of(folder, "flip=0"), held), 0, (64, 48))[0]
    assert (still == colours).all()
    shares = {
        "hue=.1": 1,
        "saturation=1.5": 1,
        "exposure=1.5": 1,
        "gaussian_noise=30": 1 / 2,
        "blur=1": 2 / 3,
        "blur=5": 2 / 3,
    }
    for option, share in shares.items():
        source = DetectionSet([path], recipe_of(folder, f"flip=0\n{option}"), held)
        changed = [(sample(source, n, (64, 48))[0] != still).any() for n in range(60)]
        assert abs(np.mean(changed) - share) < 0.2, option


@pytest.mark.parametrize(
    ("blur", "sides", "found"),
    [
        (0, [0.5], 0),
        (1, [], 1),
        (9, [], 0),
        (9, [0.5], 4),
        (3, [0.5], 3),
        (9, [0.5, 0.25], 2),
        (9, [0.24], 1),
        (9, [0.1], 0),
    ],
)
def test_a_blur_is_limited_by_the_smallest_object(
    blur: int, sides: list[float], found: int
) -> None:
    labels = np.array([[0, 0.5, 0.5, side, 1] for side in sides], np.float32).reshape(-1, 5)
    assert detection.blur_strength(blur, labels, (64, 64)) == found


def test_the_same_sample_for_the_same_seed_and_number(tmp_path: Path) -> None:
    made = scenes(np.random.default_rng(0), [(80, 60)] * 4)
    paths = [write(tmp_path, scene) for scene in made]
    net = "mosaic=1\nhue=.1\nsaturation=1.5\nexposure=1.5\nblur=3\ngaussian_noise=9"
    source = DetectionSet(paths, recipe_of(tmp_path, net, "jitter=.2"))
    first = [source.sample(number, 64, 48, 5) for number in range(12)]
    other = pickle.loads(pickle.dumps(source))
    np.random.default_rng(1).random(9)
    cv2.setRNGSeed(99)
    for number in reversed(range(12)):
        again = other.sample(number, 64, 48, 5)
        assert (again[0] == first[number][0]).all()
        assert (again[1] == first[number][1]).all()
    assert len({pixels.tobytes() for pixels, _ in first}) == 12
    assert (source.sample(0, 64, 48, 6)[0] != first[0][0]).any()


def test_pictures_held_in_memory_give_the_same_samples_unharmed(tmp_path: Path) -> None:
    made = scenes(np.random.default_rng(0), [(80, 60)] * 4)
    paths = [write(tmp_path, scene) for scene in made]
    for fork, kind in (("alexeyab", "yolo"), ("pjreddie", "yolo"), ("alexeyab", "detection")):
        recipe = recipe_of(tmp_path, "mosaic=1\nhue=.1\nblur=3", "jitter=.2", fork=fork, kind=kind)
        held = {}
        for path, scene in zip(paths, made, strict=True):
            whole = scene.pixels()
            whole.flags.writeable = False
            held[path] = Decoded(whole, scene.size)
        for number in range(8):
            pair = [
                DetectionSet(paths, recipe, pictures).sample(number, 64, 48, 0)
                for pictures in ({}, held)
            ]
            assert (pair[0][0] == pair[1][0]).all()
            assert (pair[0][1] == pair[1][1]).all()


def test_the_pictures_drawn(tmp_path: Path) -> None:
    made = scenes(np.random.default_rng(0), [(80, 60)] * 4)
    paths = [write(tmp_path, scene) for scene in made]
    recipe = recipe_of(tmp_path, "mosaic=1\nmosaic_bound=1")
    source = DetectionSet(paths, recipe)
    for number in range(20):
        truth = source.sample(number, 64, 48, 0)[1]
        drawn = source.drawn(number, 64, 48, 0)
        classes = {paths.index(path) for path in drawn}
        assert {int(row[0]) for row in rows_of(truth, recipe)} <= classes
        assert len(drawn) in (1, 4)
    everyone = [path for number in range(100) for path in source.drawn(number, 64, 48, 0)]
    assert set(everyone) == set(paths)


MODES = {
    "alexeyab": {"net": "hue=.1\nblur=5\ngaussian_noise=5", "head": "jitter=.3\nresize=1.5"},
    "letter_box": {"net": "letter_box=1", "head": "jitter=.3"},
    "mosaic": {"net": "mosaic=1\nexposure=1.5", "head": "jitter=.2"},
    "mixup": {"net": "mixup=1\nsaturation=1.5"},
    "pjreddie": {"net": "hue=.1\nexposure=1.5", "head": "jitter=.3", "fork": "pjreddie"},
    "yolov1": {"net": "hue=.1\nexposure=1.5", "head": "jitter=.2", "kind": "detection"},
    "region": {"net": "mosaic=1", "kind": "region"},
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(1, 1), (3, 2000), (2000, 3), (7, 5)])
def test_tiny_and_thin_pictures(
    tmp_path: Path, mode: str, channels: int, size: tuple[int, int]
) -> None:
    recipe = recipe_of(tmp_path, **MODES[mode], channels=channels)
    scene = Scene(1, size, (0, 0, *size))
    source = in_memory(tmp_path, [scene], recipe)
    for number in range(6):
        _, truth = sample(source, number, (64, 48))
        if mode in ("alexeyab", "mosaic", "yolov1", "region"):
            assert len(rows_of(truth, recipe)) >= 1


@pytest.mark.parametrize("mode", MODES)
def test_inputs_of_a_few_pixels(tmp_path: Path, mode: str) -> None:
    recipe = recipe_of(tmp_path, **MODES[mode])
    source = in_memory(tmp_path, [Scene(1, (50, 40), (10, 10, 40, 30))], recipe)
    for number in range(10):
        sample(source, number, (1, 1))
        sample(source, number, (2, 3))


@pytest.mark.parametrize("mode", MODES)
def test_boxes_at_and_beyond_the_edges_and_labels_that_are_none(tmp_path: Path, mode: str) -> None:
    recipe = recipe_of(tmp_path, **MODES[mode])
    source = in_memory(tmp_path, [Scene(1, (50, 40), (0, 0, 50, 40))], recipe)
    path = Path(source.images[0]).with_suffix(".txt")
    path.write_text(
        "0 0.05 0.5 0.1 1\n1 0.95 0.5 0.1 1\n2 .5 .05 1 .1\n3 .5 .5 1 1\n"
        "0 1.5 .5 .1 .1\n0 nan .5 .1 .1\n0 .5 .5 nan nan\n0 .5 .5 inf .1\n0 .5 .5 -1 -1\n"
        "0 .5 .5 0 0\n99 .5 .5 .5 .5\n-7 .5 .5 .5 .5\n0 0 0 .1 .1\n2147483647 .5 .5 .1 .1\n"
    )
    for number in range(12):
        _, truth = sample(source, number, (64, 48))
        for _, x, y, w, h in rows_of(truth, recipe):
            inside = 0 < x <= 1 and 0 < y <= 1 and 0 < w <= 1 and 0 < h <= 1
            assert inside or (recipe.fork.training_canvas and (x, y, w, h) == (999999,) * 4)


@pytest.mark.parametrize("text", ["", "\n", "no label\n", "0 .5 .5\n", None])
def test_pictures_without_labels(tmp_path: Path, text: str | None) -> None:
    recipe = recipe_of(tmp_path, "mosaic=1\nblur=5")
    source = in_memory(tmp_path, [Scene(1, (50, 40), (0, 0, 50, 40))], recipe)
    path = Path(source.images[0]).with_suffix(".txt")
    path.unlink()
    if text is not None:
        path.write_text(text)
    for number in range(8):
        assert not sample(source, number, (64, 48))[1].any()


def test_more_labels_than_there_is_room_for(tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path, "flip=0", "jitter=0\nmax=4")
    source = in_memory(tmp_path, [Scene(1, (50, 40), (0, 0, 50, 40))], recipe)
    path = Path(source.images[0]).with_suffix(".txt")
    path.write_text("".join(f"{k % 4} {0.05 + k / 20} .5 .2 .2\n" for k in range(16)))
    kept = [rows_of(sample(source, number, (64, 48))[1], recipe) for number in range(40)]
    assert {len(rows) for rows in kept} == {4}
    # Another four every time.
    assert len({row[1] for rows in kept for row in rows}) == 16
    # Those of unknown classes take the room of others, as in the C program.
    path.write_text("".join(f"{9 * (k % 2)} {0.05 + k / 20} .5 .2 .2\n" for k in range(16)))
    counts = [len(rows_of(sample(source, n, (64, 48))[1], recipe)) for n in range(40)]
    assert 1.5 < np.mean(counts) < 2.5


def test_pjreddies_small_labels_take_room_too(tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path, head="jitter=0\nmax=4", fork="pjreddie")
    source = in_memory(tmp_path, [Scene(1, (50, 40), (0, 0, 50, 40))], recipe)
    path = Path(source.images[0]).with_suffix(".txt")
    path.write_text("".join(f"0 .5 .5 {(k % 2) / 5} .2\n" for k in range(16)))
    counts = [len(rows_of(sample(source, n, (64, 48))[1], recipe)) for n in range(40)]
    assert 1.5 < np.mean(counts) < 2.5


def pictures_of_all_kinds(folder: Path) -> dict[str, Path]:
    """The same picture, a brighter right half, in several formats."""
    grey = np.full((40, 60), 50, np.uint8)
    grey[:, 30:] = 200
    colour = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
    alpha = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGRA)
    alpha[..., 3] = 9
    made = {
        "grey.png": grey,
        "grey.jpg": grey,
        "colour.png": colour,
        "colour.bmp": colour,
        "colour.tif": colour,
        "alpha.png": alpha,
        "deep.png": colour.astype(np.uint16) * 257,
        "deep.tif": grey.astype(np.uint16) * 257,
    }
    for name, pixels in made.items():
        assert cv2.imwrite(str(folder / name), pixels)
    return {name: folder / name for name in made}


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_of_all_kinds_look_alike(tmp_path: Path, channels: int) -> None:
    recipe = recipe_of(tmp_path, "flip=0", channels=channels)
    for name, path in pictures_of_all_kinds(tmp_path).items():
        pixels, _ = sample(DetectionSet([str(path)], recipe), 0, (60, 40))
        assert np.abs(pixels[:, :29].astype(int) - 50).max() <= 2, name
        assert np.abs(pixels[:, 31:].astype(int) - 200).max() <= 2, name


def test_exif_is_ignored_as_in_detection(tmp_path: Path) -> None:
    path = tmp_path / "turned.jpg"
    assert cv2.imwrite(str(path), np.zeros((40, 60, 3), np.uint8))
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    data = path.read_bytes()
    block = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    path.write_bytes(data[:2] + block + data[2:])
    picture, _ = DetectionSet([str(path)], recipe_of(tmp_path)).pick(np.random.default_rng(0))
    assert picture.size == (60, 40)
    assert picture.pixels(3, (60, 40)).shape == (40, 60, 3)


@pytest.mark.parametrize(
    "contents", [b"", b"no picture", b"\xff\xd8\xff\xe0 broken", b"\x89PNG\r\n\x1a\n" + bytes(40)]
)
def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path, contents: bytes) -> None:
    path = tmp_path / "bad.jpg"
    path.write_bytes(contents)
    with pytest.raises(ImageError, match=r"bad\.jpg: "):
        DetectionSet([str(path)], recipe_of(tmp_path)).sample(0, 64, 48, 0)
    with pytest.raises(ImageError, match=r"gone\.jpg: no such file"):
        DetectionSet([str(tmp_path / "gone.jpg")], recipe_of(tmp_path)).sample(0, 64, 48, 0)


def test_a_label_file_that_cannot_be_read_stops_with_its_name(tmp_path: Path) -> None:
    path = write(tmp_path, Scene(0, (50, 40), (0, 0, 9, 9)))
    label = Path(path).with_suffix(".txt")
    label.unlink()
    os.symlink(label, label)
    with pytest.raises(DataError, match=r"0\.txt: cannot be read") as caught:
        DetectionSet([path], recipe_of(tmp_path)).sample(0, 64, 48, 0)
    assert not isinstance(caught.value, ImageError)


def test_a_list_without_pictures(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no pictures to train on"):
        DetectionSet([], recipe_of(tmp_path))


def test_the_mean_fills_what_lies_beyond_a_picture(tmp_path: Path) -> None:
    picture = np.full((40, 60, 3), GROUND, np.uint8)
    recipe = replace(recipe_of(tmp_path), resize=0.25)
    source = DetectionSet(["a.png"], recipe, {"a.png": Decoded(picture, (60, 40))})
    for number in range(5):
        assert (sample(source, number, (64, 48))[0] == GROUND).all()
