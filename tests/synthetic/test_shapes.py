"""Drawn images: their boxes measured on the pixels; and the demo network that learnt them."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import darknet_py
from darknet_py.boxes import iou
from darknet_py.cfg.datafile import read_data_file
from darknet_py.cfg.names import read_names
from darknet_py.data.label_paths import label_path
from darknet_py.errors import OutputError
from darknet_py.network.graph import read_graph
from darknet_py.synthetic import backdrop, shapes
from darknet_py.synthetic.shape_set import write_dataset
from darknet_py.synthetic.shapes import Look, Placed, Shape, coverage, draw_image

ROOT = Path(__file__).resolve().parents[2]
CFG, WEIGHTS = ROOT / "cfg" / "shapes.cfg", ROOT / "data" / "shapes.weights"
WHITE = np.full(3, 255.0)
PLAIN = Look(WHITE, WHITE, 0, 0, 0, False, 0, 0, 0, 0)


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def blank(width: int = 96, height: int = 80) -> NDArray[np.float32]:
    return np.zeros((height, width, 3), np.float32)


def place(kind: int, look: Look = PLAIN, angle: float = 0.3, slim: float = 0.5) -> Placed:
    shape = Shape(kind, 47.3, 38.6, 25.0, angle, slim)
    return Placed(shape, look, coverage(shape, 96, 80))


def changed_box(before: NDArray[np.float32], after: NDArray[np.float32]) -> tuple[int, ...]:
    """Left, top, right, bottom of what changed by over half of the range."""
    rows, columns = np.nonzero(np.abs(after - before).max(axis=2) > 127)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


# Boxes


@pytest.mark.parametrize("kind", range(8), ids=shapes.NAMES)
@pytest.mark.parametrize("angle", [0.0, 0.4, 2.5])
def test_box_is_tight_around_what_the_shape_changes(kind: int, angle: float) -> None:
    placed, canvas = place(kind, angle=angle), blank()
    shapes.paint(canvas, placed)
    owner = np.where(placed.mask, 0, -1).astype(np.int32)
    row = shapes.labels([placed], owner)[0]
    left, top, right, bottom = changed_box(blank(), canvas)
    expected = [
        (left + right) / 2 / 96,
        (top + bottom) / 2 / 80,
        (right - left) / 96,
        (bottom - top) / 80,
    ]
    assert row[0] == kind
    np.testing.assert_allclose(row[1:], expected, atol=1e-6)


def test_the_box_of_a_covered_shape_is_that_of_its_visible_part() -> None:
    square = Shape(1, 40, 40, 20 * math.sqrt(2), math.pi / 4, 0)
    over = replace(square, x=70.0)
    placed = [Placed(s, PLAIN, coverage(s, 96, 80)) for s in (square, over)]
    owner = np.full((80, 96), -1, np.int32)
    for index, one in enumerate(placed):
        owner[one.mask] = index
    first, second = shapes.labels(placed, owner)
    edges = [(first[1] - first[3] / 2) * 96, (first[1] + first[3] / 2) * 96]
    np.testing.assert_allclose(edges, [20, 50], atol=1.01)
    np.testing.assert_allclose((second[1] - second[3] / 2) * 96, 50, atol=1.01)


@pytest.mark.parametrize("seed", range(20))
def test_boxes_lie_in_the_image(seed: int) -> None:
    _, rows = draw_image(rng(seed), 200, 150)
    low, high = rows[:, 1:3] - rows[:, 3:] / 2, rows[:, 1:3] + rows[:, 3:] / 2
    assert rows.dtype == np.float32 and rows.shape[1] == 5
    assert (low >= -1e-6).all() and (high <= 1 + 1e-6).all() and (rows[:, 3:] > 0).all()


@pytest.mark.parametrize("seed", range(12))
def test_enough_of_every_shape_stays_visible(seed: int) -> None:
    placed, owner = shapes.scatter(rng(seed), blank(240, 180), grey=False)
    assert 1 <= len(placed) <= shapes.MOST_SHAPES
    for index, one in enumerate(placed):
        assert (owner == index).sum() >= shapes.LEAST_VISIBLE * one.mask.sum()


# Shapes and looks

AREAS = {
    "circle": math.pi,
    "square": 2.0,
    "triangle": 3 * math.sqrt(3) / 4,
    "hexagon": 3 * math.sqrt(3) / 2,
    "ring": math.pi * (1 - 0.55**2),
    # Ten triangles between the radii 1 and .44; two bars that are .32 as wide as long.
    "star": 10 * 0.5 * 0.44 * math.sin(math.pi / 5),
    "cross": (8 * 0.32 - 4 * 0.32**2) / (1 + 0.32**2),
}


@pytest.mark.parametrize("name", AREAS)
def test_area_of_a_shape(name: str) -> None:
    shape = Shape(shapes.NAMES.index(name), 200, 200, 180, 0.3, 0.5)
    area = (coverage(shape, 400, 400) > shapes.INSIDE).sum() / 180.0**2
    # OpenCV's antialiased edges lie some half a pixel outside.
    assert area == pytest.approx(AREAS[name], rel=0.03)


def test_a_crescent_is_a_disc_less_a_smaller_one() -> None:
    crescent, circle = place(7).mask, place(0).mask
    assert not (crescent & ~circle).any()
    assert 0.3 < crescent.sum() / circle.sum() < 0.7


LOOKS: dict[str, dict[str, Any]] = {
    "second": {"split": 0.5, "second": np.array([0.0, 0.0, 255.0])},
    "outline": {"outline": 0.1, "second": np.array([0.0, 0.0, 255.0])},
    "hollow": {"hollow": True},
    "shading": {"colour": np.full(3, 128.0), "shading": 0.3},
    "rim": {"colour": np.full(3, 128.0), "rim": 60.0},
    "grain": {"colour": np.full(3, 128.0), "grain": 15.0},
}


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_changes_the_shape_and_nothing_around_it(name: str) -> None:
    plain, fancy = blank(), blank()
    look = replace(PLAIN, colour=LOOKS[name].get("colour", WHITE))
    shapes.paint(plain, place(1, look))
    shapes.paint(fancy, place(1, replace(look, **LOOKS[name])))
    different = (plain != fancy).any(axis=2)
    assert different.any()
    assert not different[place(1).cover == 0].any()


def test_a_shadow_darkens_what_is_around() -> None:
    canvas = blank() + 200
    shapes.paint(canvas, place(0, replace(PLAIN, shadow=0.5)))
    outside = canvas[place(0).cover == 0]
    assert outside.min() < 190 and outside.max() == 200


def test_grey_images_have_no_colour() -> None:
    image = backdrop.finish(rng(3), backdrop.background(rng(2), 60, 40), grey=True)
    assert int(np.ptp(image.astype(int), axis=2).max()) <= 2  # what JPEG may add


@pytest.mark.parametrize("pattern", backdrop.PATTERNS, ids=lambda p: p.__name__)
def test_patterns_leave_some_of_the_background(pattern: object) -> None:
    assert callable(pattern)
    masks = [pattern(rng(seed), 90, 70) for seed in range(4)]
    assert all(mask.shape == (70, 90) and mask.dtype == np.uint8 for mask in masks)
    assert any(0 < mask.mean() < 255 for mask in masks)


def test_every_class_occurs() -> None:
    found = Counter(int(row[0]) for seed in range(40) for row in draw_image(rng(seed), 160, 120)[1])
    assert sorted(found) == list(range(8))
    assert max(found.values()) < 3 * min(found.values())


def test_a_seed_is_a_image() -> None:
    first, again, other = (draw_image(rng(seed), 120, 90) for seed in (5, 5, 6))
    assert first[0].shape == (90, 120, 3) and first[0].dtype == np.uint8
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert (first[0] != other[0]).any()


# On disk


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in (".jpg", ".txt") and path.parent != folder
    }


def test_data_set_on_disk(tmp_path: Path) -> None:
    data = read_data_file(write_dataset(tmp_path / "set", 20, 3, 96, 80))
    assert data.integer("classes", 0) == 8
    assert read_names(data.options["names"]) == list(shapes.NAMES)
    lists = {key: Path(data.options[key]).read_text().split() for key in ("train", "valid")}
    assert [len(paths) for paths in lists.values()] == [18, 2]
    for number, path in enumerate(sorted(lists["train"] + lists["valid"])):
        rows = np.loadtxt(label_path(path), ndmin=2)
        expected = draw_image(np.random.default_rng((3, number)), 96, 80)
        np.testing.assert_allclose(rows, expected[1], atol=1e-6)
        error = np.abs(np.asarray(cv2.imread(path), int) - expected[0])
        assert error.mean() < 8  # JPEG's


def test_what_cannot_be_drawn(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no shape of radius 40 fits into 64 x 90 pixels; take"):
        write_dataset(tmp_path / "other", 3, 9, 64, 90, smallest=40)
    with pytest.raises(OutputError, match="radius 0 .* or a smallest radius of 1 to 38.4"):
        write_dataset(tmp_path / "other", 3, 9, 64, 90, smallest=0)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file/images: cannot be made: Not a directory"):
        write_dataset(tmp_path / "file", 3, 9)
    assert not (tmp_path / "other").exists()


def test_data_set_repeats_and_grows(tmp_path: Path) -> None:
    for name, images in (("a", 4), ("b", 4), ("c", 6)):
        write_dataset(tmp_path / name, images, 9, 64, 64)
    first = files(tmp_path / "a")
    assert len(first) == 8
    assert files(tmp_path / "b") == first
    grown = files(tmp_path / "c")
    assert len(grown) == 12 and first.items() <= grown.items()
    assert not list(tmp_path.rglob("*.part"))


# The demo network

SEED = 11
"""`darknet-py data shapes OUT --images 4 --seed 11` draws data/shapes-1.jpg to -4.jpg."""
MISSED = {2: 1, 3: 1}
"""How many shapes of which image the shipped weights do not find."""


@pytest.fixture(scope="module")
def detector() -> darknet_py.Detector:
    return darknet_py.load(CFG, WEIGHTS)


def test_demo_network_has_nothing_to_remark() -> None:
    assert read_graph(CFG).notices == ()


def test_demo_names(detector: darknet_py.Detector) -> None:
    assert tuple(detector.names) == shapes.NAMES


@pytest.mark.parametrize("number", range(4))
def test_demo_network_finds_the_shapes(detector: darknet_py.Detector, number: int) -> None:
    """Every shape by its name and with an IoU over .5, and nothing else."""
    rows = shapes.draw_image(np.random.default_rng((SEED, number)), 416, 416)[1]
    result = detector(ROOT / "data" / f"shapes-{number + 1}.jpg", thresh=0.6)
    assert isinstance(result, darknet_py.Result)
    overlap = iou(torch.from_numpy(result.boxes.xywhn)[:, None], torch.from_numpy(rows[:, 1:]))
    same = torch.from_numpy(result.boxes.class_id)[:, None] == torch.from_numpy(rows[:, 0])
    hits = (overlap > 0.5) & same
    assert bool(hits.any(dim=1).all()), "a box where there is no such shape"
    assert int((~hits.any(dim=0)).sum()) == MISSED.get(number, 0)


@pytest.mark.parametrize("number", range(4))
def test_demo_images_are_those_of_the_seed(number: int, tmp_path: Path) -> None:
    drawn = shapes.draw_image(np.random.default_rng((SEED, number)), 416, 416)[0]
    shown = cv2.imread(str(ROOT / "data" / f"shapes-{number + 1}.jpg"))
    assert np.abs(shown.astype(int) - drawn).mean() < 8  # JPEG's
