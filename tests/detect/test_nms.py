"""Suppression against a literal loop over detections, as the C programs do it."""

from __future__ import annotations

import pytest
import torch
from support.crowd import crowd
from support.phone_network import need_compiler

from darknet_py.boxes import diou, iou
from darknet_py.detect import greedy_suppression, overlaps
from darknet_py.detect.candidates import Candidates
from darknet_py.detect.nms import printing_order, suppress
from darknet_py.errors import DarknetError

KINDS = ("default", "objectness", "cornersnms", "greedynms", "diounms")
BETA = 0.9


@pytest.fixture(autouse=True, params=["program", "numpy"])
def _form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test holds for the loop in C++, and for where there is no compiler."""
    if request.param == "program":
        need_compiler()
        assert greedy_suppression.box_functions()
    else:
        monkeypatch.setattr(greedy_suppression, "box_functions", lambda: None)


def measure(kind: str, boxes: torch.Tensor) -> list[list[float]]:
    a, b = boxes[:, None], boxes
    if kind in ("default", "objectness", "cornersnms"):
        return iou(a, b).tolist()
    return diou(a, b, 0.6 if kind == "greedynms" else BETA).tolist()


def greedy(scores: list[float], overlap: list[list[float]], threshold: float) -> list[float]:
    """The two nested loops over one class of one image."""
    scores = list(scores)
    order = sorted(range(len(scores)), key=lambda row: -scores[row])
    for place, i in enumerate(order):
        if scores[i] == 0:
            continue
        for j in order[place + 1 :]:
            if overlap[i][j] > threshold:
                scores[j] = 0.0
    return scores


def literal(found: Candidates, kind: str, threshold: float) -> torch.Tensor:
    scores = found.scores.clone()
    for number in found.image.unique().tolist():
        rows = ((found.image == number) & (found.objectness != 0)).nonzero()[:, 0]
        overlap = measure(kind, found.boxes[rows])
        if kind == "objectness":
            kept = greedy(found.objectness[rows].tolist(), overlap, threshold)
            scores[rows[torch.tensor(kept) == 0]] = 0
            continue
        for column in range(scores.shape[1]):
            kept = greedy(scores[rows, column].tolist(), overlap, threshold)
            scores[rows, column] = torch.tensor(kept)
    return scores


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "case",
    [
        (60, 4, 1, 0.3, 0),
        (60, 4, 1, 1.0, 0),
        (90, 3, 5, 0.4, 0),
        (60, 3, 2, 0.7, 4),
        (1, 3, 1, 1, 0),
    ],
)
@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.6])
def test_the_loop_and_the_fixed_point_agree(
    kind: str, case: tuple[int, int, int, float, int], threshold: float
) -> None:
    for seed in range(2):
        found = crowd(seed, *case)
        kept = suppress(found, kind, threshold, BETA)
        assert torch.equal(kept.scores, literal(found, kind, threshold))
        assert kept.boxes is found.boxes
        assert kept.image is found.image


def test_what_objectness_suppresses_loses_it() -> None:
    found = crowd(3, 40, 5, 1, 0.5)
    kept = suppress(found, "objectness", 0.3)
    lost = kept.objectness == 0
    assert 0 < int(lost.sum()) < 40
    assert not kept.scores[lost].any()
    assert torch.equal(kept.scores[~lost], found.scores[~lost])


def test_a_suppressed_box_suppresses_nothing() -> None:
    boxes = torch.tensor([[x, 0.5, 0.3, 0.3] for x in (0.3, 0.4, 0.5, 0.6)])
    scores = torch.tensor([[0.9], [0.8], [0.7], [0.6]])
    found = Candidates(torch.zeros(4, dtype=torch.int64), boxes, torch.ones(4), scores)
    kept = suppress(found, "default", 0.45).scores[:, 0]
    assert kept.tolist() == pytest.approx([0.9, 0, 0.7, 0])


def test_of_equal_scores_the_first_row_wins() -> None:
    boxes = torch.tensor([[0.5, 0.5, 0.2, 0.2]]).repeat(3, 1)
    scores = torch.tensor([[0.25], [0.5], [0.5]])
    found = Candidates(torch.zeros(3, dtype=torch.int64), boxes, torch.ones(3), scores)
    assert suppress(found, "default", 0.45).scores[:, 0].tolist() == [0, 0.5, 0]


def test_rows_without_objectness_take_no_part() -> None:
    found = crowd(4, 40, 2, 1, 1.0)
    found = Candidates(found.image, found.boxes, found.objectness.round(), found.scores)
    kept = suppress(found, "default", 0.3)
    idle = found.objectness == 0
    assert 0 < int(idle.sum()) < 40
    assert torch.equal(kept.scores[idle], found.scores[idle])
    assert torch.equal(kept.scores, literal(found, "default", 0.3))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_to_suppress(kind: str) -> None:
    assert suppress(Candidates.empty(3), kind, 0.45).scores.shape == (0, 3)
    found = crowd(5, 10, 3, 1, 0.0)
    assert torch.equal(suppress(found, kind, 0.45).scores, found.scores)


@pytest.mark.parametrize("filled", [0.3, 1.0])
def test_parts_give_what_the_whole_gives(filled: float, monkeypatch: pytest.MonkeyPatch) -> None:
    found = crowd(6, 80, 7, 3, filled)
    whole = suppress(found, "greedynms", 0.2).scores
    monkeypatch.setattr(overlaps, "CHUNK", 50)
    monkeypatch.setattr(overlaps, "BLOCK", 300)
    assert torch.equal(suppress(found, "greedynms", 0.2).scores, whole)


def test_unknown_kind() -> None:
    with pytest.raises(DarknetError, match="softnms.*greedynms"):
        suppress(Candidates.empty(1), "softnms", 0.45)


def test_printing_order_is_that_of_chained_stable_sorts() -> None:
    found = crowd(7, 40, 4, 3, 0.4, levels=3)
    expected = []
    for number in range(3):
        rows = (found.image == number).nonzero()[:, 0].tolist()
        for column in range(4):
            rows.sort(key=lambda row, column=column: -found.scores[row, column].item())
        expected += rows
    assert printing_order(found).tolist() == expected
    assert printing_order(Candidates.empty(4)).tolist() == []


def test_boxes_far_out_and_of_no_size_are_as_in_the_loop() -> None:
    found = crowd(8, 60, 2, 2, 0.8)
    boxes = found.boxes.clone()
    boxes[::7, 0] += 40
    boxes[1::9, 2] = 1e30
    boxes[2::11, 3] = float("inf")
    boxes[3::13, :2] = float("nan")
    boxes[4::17, 2:] = 0
    boxes[5::19, 2] *= -1
    found = Candidates(found.image, boxes, found.objectness, found.scores)
    for threshold in (0.0, 0.45):
        kept = suppress(found, "default", threshold)
        suppress(found, "greedynms", threshold)
        assert torch.equal(kept.scores, literal(found, "default", threshold))


def test_rows_that_tie_are_printed_by_the_classes_before() -> None:
    scores = torch.zeros(6, 4)
    scores[:, 2] = torch.tensor([0.5, 0.5, 0.5, 0, 0.5, 0])
    scores[:, 0] = torch.tensor([0.1, 0.3, 0.2, 0.9, 0.3, 0])
    ones = torch.ones(6)
    found = Candidates(torch.zeros(6, dtype=torch.int64), torch.rand(6, 4), ones, scores)
    assert printing_order(found).tolist() == [1, 4, 2, 0, 3, 5]
    below = Candidates(found.image, found.boxes, ones, scores - 0.2)
    assert printing_order(below).tolist() == [1, 4, 2, 0, 3, 5]


def test_thousands_of_boxes_agree_with_the_loop_and_suppression_is_idempotent() -> None:
    found = crowd(9, 1500, 5, 3, 0.2, levels=50)
    kept = suppress(found, "greedynms", 0.45)
    assert torch.equal(kept.scores, literal(found, "greedynms", 0.45))
    assert torch.equal(suppress(kept, "greedynms", 0.45).scores, kept.scores)
    assert torch.equal(found.scores, crowd(9, 1500, 5, 3, 0.2, levels=50).scores)
