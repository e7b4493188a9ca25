"""Labels under augmentation against the C programs' loops, one label at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from darknet_py.augment import label_boxes
from darknet_py.augment.label_boxes import BoxTransform
from darknet_py.augment.pixels import CropMargins
from darknet_py.forks import ALEXEYAB, PJREDDIE

FAR = 999999.0
Label = tuple[float, float, float, float, float]
Rows = list[list[float]]
PARTS = 64
"""Labels and views in parts of this: float32 holds all that comes of them."""


def single(value: float) -> float:
    return float(np.float32(value))


def corrected(labels: list[Label], transform: BoxTransform, outside_counts: bool) -> Rows:
    """Where boxes go; alexeyab's program also marks those that lie outside to begin with."""
    moved: Rows = []
    for number, x, y, w, h in labels:
        left, right, top, bottom = x - w / 2, x + w / 2, y - h / 2, y + h / 2
        gone = right < 0 or bottom < 0 or left > 1 or top > 1
        if (x == 0 and y == 0) or (gone and not outside_counts):
            moved.append([number, FAR, FAR, FAR, FAR])
            continue
        left, right = (
            left * transform.scale[0] - transform.shift[0],
            right * transform.scale[0] - transform.shift[0],
        )
        top, bottom = (
            top * transform.scale[1] - transform.shift[1],
            bottom * transform.scale[1] - transform.shift[1],
        )
        if transform.flip:
            left, right = 1.0 - right, 1.0 - left
        left, right, top, bottom = (min(1.0, max(0.0, v)) for v in (left, right, top, bottom))
        w, h = max(0.0, right - left), max(0.0, bottom - top)
        moved.append([number, (left + right) / 2, (top + bottom) / 2, w, h])
    return moved


def kept_alexeyab(moved: Rows, classes: int, width: int, height: int) -> Rows:
    rows: Rows = []
    for number, x, y, w, h in moved:
        if number >= classes or w < single(1 / width) or h < single(1 / height):
            continue
        if FAR in (x, y) or x <= 0 or x > 1 or y <= 0 or y > 1:
            continue
        rows.append([number, x, y, min(1.0, w), min(1.0, h)])
    return rows


def kept_pjreddie(moved: Rows) -> Rows:
    return [row for row in moved if row[3] >= 0.001 and row[4] >= 0.001]


def cells_filled(moved: Rows, side: int, classes: int, least: float) -> list[float]:
    cells = [0.0] * (side * side * (5 + classes))
    for number, x, y, w, h in moved:
        # C writes outside of its memory for these.
        if w < least or h < least or x > 1 or y > 1:
            continue
        column, row = min(int(x * side), side - 1), min(int(y * side), side - 1)
        at = (column + row * side) * (5 + classes)
        if cells[at]:
            continue
        cells[at] = 1
        if 0 <= number < classes:
            cells[at + 1 + int(number)] = 1
        cells[at + 1 + classes : at + 5 + classes] = [x * side - column, y * side - row, w, h]
    return cells


def parts(low: int, high: int) -> st.SearchStrategy[float]:
    return st.integers(low, high).map(lambda value: value / PARTS)


label = st.tuples(
    st.integers(0, 4).map(float), parts(-16, 80), parts(-16, 80), parts(0, 96), parts(0, 96)
)
labels_of_one = st.lists(
    st.one_of(label, st.tuples(st.just(1.0), st.just(0.0), st.just(0.0), parts(0, 9), parts(0, 9))),
    max_size=7,
)
views = st.builds(
    BoxTransform,
    st.tuples(st.sampled_from([0.25, 0.5, 1.0, 1.25, 2.0]), st.sampled_from([0.5, 1.0, 1.5])),
    st.tuples(parts(-64, 64), parts(-64, 64)),
    st.booleans(),
)


def array(labels: list[Label] | Rows) -> np.ndarray:
    return np.array(labels, np.float32).reshape(-1, 5)


@given(labels=labels_of_one, transform=views, anywhere=st.booleans())
def test_boxes_are_corrected_as_in_c(
    labels: list[Label], transform: BoxTransform, anywhere: bool
) -> None:
    result = label_boxes.transform_labels(array(labels), transform, anywhere)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, array(corrected(labels, transform, anywhere)))


@given(labels=labels_of_one, transform=views)
def test_alexeyabs_labels(labels: list[Label], transform: BoxTransform) -> None:
    moved = corrected(labels, transform, False)
    expected = array(kept_alexeyab(moved, 3, 32, 16))
    result = label_boxes.keep_alexeyab(
        label_boxes.transform_labels(array(labels), transform), 3, 32, 16
    )
    np.testing.assert_array_equal(result, expected)
    rows = label_boxes.box_truth(result, 4, 6).reshape(4, 6)
    padded = np.zeros((4, 6), np.float32)
    padded[: len(expected), :5] = np.roll(expected[:4], -1, axis=1)
    np.testing.assert_array_equal(rows, padded)


@given(labels=labels_of_one, transform=views)
def test_pjreddies_labels(labels: list[Label], transform: BoxTransform) -> None:
    expected = array(kept_pjreddie(corrected(labels, transform, True)))
    result = label_boxes.keep_pjreddie(
        label_boxes.transform_labels(array(labels), transform, anywhere=True)
    )
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("least", [0.001, 0.005])
@given(labels=labels_of_one, transform=views, side=st.sampled_from([1, 2, 8]))
@example(labels=[(0, 1, 1, 0.5, 0.5)], transform=BoxTransform((1, 1), (0, 0)), side=4)
def test_yolov1s_cells(
    labels: list[Label], transform: BoxTransform, side: int, least: float
) -> None:
    moved = label_boxes.transform_labels(array(labels), transform)
    result = label_boxes.cell_truth(moved, side, 3, least)
    expected = cells_filled(corrected(labels, transform, False), side, 3, least)
    np.testing.assert_array_equal(result, np.array(expected, np.float32))


def test_the_cells_of_yolov1_in_full() -> None:
    rows = label_boxes.cell_truth(array([(2, 0.375, 0.75, 0.5, 0.25)]), 2, 3, 0.001).reshape(4, 8)
    assert not rows[[0, 1, 3]].any()
    assert rows[2].tolist() == [1, 0, 0, 1, 0.75, 0.5, 0.5, 0.25]


def test_a_side_just_at_the_least() -> None:
    """YOLOv1 of pjreddie asks for five thousandths, AlexeyAB's for one."""
    thin = array([(0, 0.5, 0.5, 0.004, 0.5)])
    assert [label_boxes.cell_truth(thin, 1, 1, least)[0] for least in (0.001, 0.005)] == [1, 0]
    assert (ALEXEYAB.samples.least_cell_side, PJREDDIE.samples.least_cell_side) == (0.001, 0.005)
    assert len(label_boxes.keep_pjreddie(array([(0, 0.5, 0.5, 0.001, 0.5)]))) == 1
    assert len(label_boxes.keep_pjreddie(array([(0, 0.5, 0.5, 0.0009, 0.5)]))) == 0
    pixel = array([(0, 0.5, 0.5, 1 / 416, 1 / 608)])
    assert len(label_boxes.keep_alexeyab(pixel, 1, 416, 608)) == 1
    assert len(label_boxes.keep_alexeyab(pixel, 1, 415, 608)) == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("column", range(5))
def test_labels_that_are_no_numbers_are_left_out(bad: float, column: int) -> None:
    """The C programs would train on them, or never again."""
    labels = array([(1, 0.5, 0.5, 0.25, 0.25), (1, 0.5, 0.5, 0.5, 0.5)])
    labels[0, column] = bad
    transform = BoxTransform((1, 1), (0, 0))
    result = label_boxes.transform_labels(labels, transform)
    assert result.tolist() == [[1, 0.5, 0.5, 0.5, 0.5]]


def test_classes_out_of_range_are_left_out_by_alexeyabs_alone() -> None:
    labels = array([(3, 0.5, 0.5, 0.5, 0.5), (-1, 0.5, 0.5, 0.5, 0.5), (2, 0.5, 0.5, 0.5, 0.5)])
    assert label_boxes.keep_alexeyab(labels, 3, 32, 32)[:, 0].tolist() == [2]
    # The losses leave them out in pjreddie's.
    assert label_boxes.keep_pjreddie(labels)[:, 0].tolist() == [3, -1, 2]


def test_a_label_without_a_box_stays_in_pjreddies() -> None:
    """YOLO9000's images that have a class and nothing else."""
    moved = label_boxes.transform_labels(
        array([(7, 0, 0, 0, 0)]), BoxTransform((0.5, 0.5), (-0.25, 0)), anywhere=True
    )
    assert moved.tolist() == [[7, FAR, FAR, FAR, FAR]]
    assert label_boxes.box_truth(label_boxes.keep_pjreddie(moved), 2, 5).tolist()[:5] == [
        FAR
    ] * 4 + [7]
    assert len(label_boxes.keep_alexeyab(moved, 10, 32, 32)) == 0


@given(
    sides=st.tuples(*[st.integers(-40, 40)] * 4),
    flip=st.booleans(),
    point=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_the_view_of_a_crop(
    sides: tuple[int, int, int, int], flip: bool, point: tuple[float, float]
) -> None:
    """A point of the image lies in the crop where its pixel does."""
    crop = CropMargins(*sides, 100, 90)
    transform = BoxTransform.of_crop(crop, flip)
    x, y = (c * s - d for c, s, d in zip(point, transform.scale, transform.shift, strict=True))
    assert x == pytest.approx((point[0] * 100 - crop.left) / crop.size[0])
    assert y == pytest.approx((point[1] * 90 - crop.top) / crop.size[1])
    assert transform.flip is flip


@given(labels=labels_of_one, transform=views)
def test_labels_come_back_from_the_truth(labels: list[Label], transform: BoxTransform) -> None:
    moved = label_boxes.keep_alexeyab(
        label_boxes.transform_labels(array(labels), transform), 5, 32, 16
    )
    for size in (5, 6):
        back = label_boxes.labels_of_boxes(label_boxes.box_truth(moved, 7, size), size)
        np.testing.assert_array_equal(back, moved)


def test_labels_come_back_from_yolov1s_cells() -> None:
    labels = array([(2, 0.375, 0.75, 0.5, 0.25), (9, 0.625, 0.125, 0.5, 0.25)])
    cells = label_boxes.cell_truth(labels, 2, 3, 0.001)
    # No cell knows class 9.
    expected = [[-1, 0.625, 0.125, 0.5, 0.25], [2, 0.375, 0.75, 0.5, 0.25]]
    assert label_boxes.labels_of_cells(cells, 2, 3).tolist() == expected
    assert label_boxes.labels_of_cells(0 * cells, 2, 3).shape == (0, 5)


def test_every_label_has_its_chance() -> None:
    labels = array([(number, 0.5, 0.5, 0.1, 0.1) for number in range(9)])
    firsts = [
        label_boxes.shuffled(labels, np.random.default_rng(seed))[0, 0] for seed in range(400)
    ]
    assert sorted(label_boxes.shuffled(labels, np.random.default_rng(1))[:, 0]) == list(range(9))
    assert np.bincount(np.array(firsts, int), minlength=9).min() > 20


@pytest.mark.parametrize(
    "keep",
    [
        lambda labels: label_boxes.transform_labels(
            labels, BoxTransform((2, 2), (0.1, 0), flip=True)
        ),
        lambda labels: label_boxes.keep_alexeyab(labels, 3, 8, 8),
        label_boxes.keep_pjreddie,
        lambda labels: label_boxes.shuffled(labels, np.random.default_rng(0)),
    ],
)
def test_no_labels(keep: Callable[[np.ndarray], np.ndarray]) -> None:
    assert keep(array([])).shape == (0, 5)
    assert not label_boxes.box_truth(array([]), 3, 5).any()
    assert not label_boxes.cell_truth(array([]), 3, 2, 0.001).any()
