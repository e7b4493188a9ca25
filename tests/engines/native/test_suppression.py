"""The C++ forms against those in numpy: the same entries in the same order, exactly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.crowd import crowd
from support.phone_network import need_compiler

from darknet_py.boxes import iou
from darknet_py.detect import greedy_suppression, overlaps
from darknet_py.detect.candidates import Candidates
from darknet_py.detect.greedy_suppression import RULES, order_of_keys
from darknet_py.detect.nms import box_table, printing_order, suppressed
from darknet_py.engines.native import suppression

ODD = (0.0, -0.1, 1e-30, 40.0, -40.0, 1e30, 3e38, float("inf"), float("-inf"), float("nan"))


@pytest.fixture(scope="module", autouse=True)
def _compiler() -> None:
    need_compiler()
    assert suppression.box_functions()


def both(
    candidates: Candidates,
    kind: str,
    threshold: float,
    beta: float = 0.9,
    sides: np.ndarray[tuple[int, int], np.dtype[np.float32]] | None = None,
) -> tuple[list[int], list[int]]:
    """What is suppressed, by either form."""
    actual = suppressed(candidates, kind, threshold, beta, sides)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(greedy_suppression, "box_functions", lambda: None)
        expected = suppressed(candidates, kind, threshold, beta, sides)
    for mine, other in zip(actual, expected, strict=True):
        assert (mine is None and other is None) or np.array_equal(mine, other)
    rows, classes = actual
    return rows.tolist(), [] if classes is None else classes.tolist()


def with_odd(candidates: Candidates, seed: int, share: float, scores: bool) -> Candidates:
    """Some sides of boxes, and scores if asked, are of no size, far out or no numbers."""
    random = torch.Generator().manual_seed(seed)
    odd = torch.tensor(ODD)

    def some(values: torch.Tensor) -> torch.Tensor:
        chosen = odd[torch.randint(len(odd), values.shape, generator=random)]
        return torch.where(torch.rand(values.shape, generator=random) < share, chosen, values)

    boxes = some(candidates.boxes)
    if not scores:
        return replace(candidates, boxes=boxes)
    return Candidates(candidates.image, boxes, some(candidates.objectness), some(candidates.scores))


@given(
    st.integers(0, 1000),
    st.integers(1, 200),
    st.sampled_from([1, 2, 7, 80]),
    st.integers(1, 3),
    st.sampled_from([0.02, 0.5, 1.0]),
    st.sampled_from([0, 2, 20]),
    st.sampled_from([0.0, 0.1, 0.3, 0.45, 0.9, 1.0]),
    st.sampled_from(sorted(RULES)),
)
def test_crowds(
    seed: int,
    rows: int,
    classes: int,
    images: int,
    filled: float,
    levels: int,
    threshold: float,
    kind: str,
) -> None:
    """levels: scores are often equal."""
    found = crowd(seed, rows, classes, images, filled, levels)
    both(found, kind, threshold)
    twins = found.select(torch.arange(rows).repeat(2))  # of equal boxes and scores
    gone, _ = both(twins, kind, threshold)
    if threshold < 0.5 and kind != "objectness":
        again = (twins.scores[rows:] > 0).sum()
        assert sum(row >= rows for row in gone) == int(again)


@given(
    st.integers(0, 1000),
    st.integers(2, 150),
    st.sampled_from([1, 5]),
    st.sampled_from(sorted(RULES)),
)
def test_boxes_and_scores_that_are_no_numbers_or_far_out(
    seed: int, rows: int, classes: int, kind: str
) -> None:
    found = crowd(seed, rows, classes, 2, 0.8, 3)
    for threshold in (0.0, 0.45):
        both(with_odd(found, seed, 0.1, scores=False), kind, threshold)
        both(with_odd(found, seed, 0.1, scores=True), kind, threshold)


@pytest.mark.parametrize("kind", ["default", "greedynms", "objectness"])
@pytest.mark.parametrize(
    ("rows", "classes", "filled"), [(2500, 1, 1.0), (1500, 80, 0.03), (520, 20, 1.0)]
)
def test_thousands(kind: str, rows: int, classes: int, filled: float) -> None:
    """Enough for the grid, and for sorting by digits."""
    found = crowd(1, rows, classes, 1, filled, 100)
    gone, _ = both(found, kind, 0.45)
    assert len(gone) > rows / 8


@pytest.mark.parametrize("size", [1e-3, 0.05, 0.6, 3.0])
@pytest.mark.parametrize("threshold", [0.05, 0.45, 0.95])
def test_the_grid_hides_no_pair(size: float, threshold: float) -> None:
    """Boxes all over the image and beyond, as wide as a cell of the grid and much wider."""
    random = torch.Generator().manual_seed(7)
    boxes = torch.rand(1200, 4, generator=random)
    boxes[:, :2] = boxes[:, :2] * 1.4 - 0.2
    boxes[:, 2:] *= size
    boxes[600:] = boxes[:600] * (1 + 0.1 * torch.rand(600, 4, generator=random))
    scores = torch.rand(1200, 1, generator=random)
    found = Candidates(torch.zeros(1200, dtype=torch.int64), boxes, torch.ones(1200), scores)
    for kind in ("default", "greedynms"):
        gone, _ = both(found, kind, threshold)
        assert gone or threshold > 0.9


@pytest.mark.parametrize("kind", ["default", "greedynms", "diounms"])
def test_the_overlap_is_the_same_to_the_last_bit(kind: str) -> None:
    """A pair whose overlap is the threshold stays, and goes when that is one bit lower."""
    exponent = RULES[kind].exponent(0.7)
    for seed in range(60):
        found = pair(seed)
        value = overlap(found, exponent)
        below = np.nextafter(value, np.float32(-2))
        assert both(found, kind, float(value), 0.7) == ([], [])
        assert both(found, kind, float(below), 0.7) == ([1], [0])


def overlap(two: Candidates, exponent: float | None) -> np.float32:
    if exponent is None:
        return np.float32(iou(*two.boxes).item())
    sides = overlaps._Sides(two.boxes.numpy())
    return np.float32(sides.diou(np.array([0]), np.array([1]), exponent)[0])


def pair(seed: int) -> Candidates:
    """Two boxes that overlap, the first with the higher score."""
    random = torch.Generator().manual_seed(seed)
    boxes = torch.rand(1, 4, generator=random) * 0.3 + 0.3
    boxes = boxes * (1 + 0.1 * torch.randn(2, 4, generator=random))
    scores = torch.tensor([[0.9], [0.8]])
    return Candidates(torch.zeros(2, dtype=torch.int64), boxes, torch.ones(2), scores)


@pytest.mark.parametrize("beta", [-0.5, 0.0, 0.5, 0.6, 1.0, 2.0])
def test_every_beta(beta: float) -> None:
    gone, _ = both(crowd(2, 300, 3, 2, 0.6), "diounms", 0.2, beta)
    assert gone or beta <= 0


@pytest.mark.parametrize("kind", sorted(RULES))
def test_boxes_measured_in_pixels(kind: str) -> None:
    found = crowd(3, 300, 3, 2, 0.6)
    sides = np.array([[1920, 80], [30, 700]], np.float32)[found.image.numpy()]
    both(found, kind, 0.3, sides=sides)
    sides[::5] = 0
    sides[1::5] = np.nan
    both(found, kind, 0.3, sides=sides)


def test_tables_that_do_not_lie_row_by_row() -> None:
    whole = crowd(4, 200, 6, 1, 0.7)
    strided = Candidates(
        whole.image[::2],
        whole.boxes.T.contiguous().T[::2],
        whole.objectness[::2],
        whole.scores[::2, 1:5],
    )
    assert not strided.boxes.is_contiguous()
    assert both(strided, "greedynms", 0.3)[0]


def test_without_a_compiler_there_is_no_function(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise suppression.CannotBuild("no C++ compiler found")

    monkeypatch.setattr(suppression, "loaded", none)
    suppression.box_functions.cache_clear()
    try:
        assert suppression.box_functions() is None
    finally:
        suppression.box_functions.cache_clear()


def test_what_is_no_number_comes_last() -> None:
    """Nothing is above it, nor it above anything: three boxes could each remove another."""
    boxes = torch.tensor([[0.5, 0.5, 0.2, 0.2]]).repeat(3, 1)
    scores = torch.tensor([[0.5], [float("nan")], [0.9]])
    found = Candidates(torch.zeros(3, dtype=torch.int64), boxes, torch.ones(3), scores)
    assert both(found, "default", 0.45) == ([0, 1], [0, 0])


@given(
    st.integers(0, 1000),
    st.integers(0, 300),
    st.sampled_from([1, 2, 7, 80]),
    st.integers(1, 3),
    st.sampled_from([0.0, 0.02, 0.5, 1.0]),
    st.sampled_from([0, 1, 3]),
)
def test_the_order_of_the_lines(
    seed: int, rows: int, classes: int, images: int, filled: float, levels: int
) -> None:
    found = crowd(seed, rows, classes, images, filled, levels)
    assert order_of_keys(box_table(found)).tolist() == printing_order(found).tolist()


def test_the_order_of_thousands() -> None:
    found = crowd(5, 3000, 5, 2, 0.3, 2)
    assert order_of_keys(box_table(found)).tolist() == printing_order(found).tolist()


@pytest.mark.parametrize("odd", [-0.1, float("nan")])
def test_scores_that_have_no_order_here_are_left_to_numpy(odd: float) -> None:
    functions = suppression.box_functions()
    assert functions
    found = crowd(6, 40, 3, 2, 0.5, 2)
    order = functions.printing_order(box_table(found))
    assert order is not None and order.tolist() == order_of_keys(box_table(found)).tolist()
    for place in ((0, 0), (39, 2)):
        scores = found.scores.clone()
        scores[place] = odd
        assert functions.printing_order(box_table(found.with_scores(scores))) is None
