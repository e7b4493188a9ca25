"""Pairs of boxes that overlap, against each box compared with each."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import torch
from support.crowd import crowd

from darknet_py.boxes import diou, iou
from darknet_py.detect import overlaps
from darknet_py.detect.candidates import Candidates
from darknet_py.detect.nms import box_table
from darknet_py.detect.overlaps import overlapping_entries


@pytest.mark.parametrize("exponent", [None, 0.6])
@pytest.mark.parametrize("filled", [0.2, 1.0])
def test_pairs_are_those_of_all_that_overlap(filled: float, exponent: float | None) -> None:
    """Few classes a box are compared entry by entry, many box by box; both give each pair once."""
    candidates, classes = crowd(1, 40, 3, 2, filled), 3
    found: list[frozenset[int]] = []
    table = box_table(candidates)
    entries = table.entries
    for first, second in overlapping_entries(table, entries, 0.3, exponent):
        pairs = zip(entries[first].tolist(), entries[second].tolist(), strict=True)
        found += [frozenset(pair) for pair in pairs]
    expected = {
        frozenset((a, b))
        for a, b in combinations(entries.tolist(), 2)
        if a % classes == b % classes
        and candidates.image[a // classes] == candidates.image[b // classes]
        and overlap(candidates.boxes[a // classes], candidates.boxes[b // classes], exponent) > 0.3
    }
    assert len(found) == len(set(found)) and set(found) == expected and len(expected) > 5


def overlap(a: object, b: object, exponent: float | None) -> float:
    return float(iou(a, b) if exponent is None else diou(a, b, exponent))  # type: ignore[arg-type]


@pytest.mark.parametrize("axis", [0, 1])
def test_boxes_in_a_column_or_in_a_row_are_few_pairs(axis: int) -> None:
    """A grid as narrow as a network's for a strip of paper: 20,000 boxes, none near another."""
    boxes = torch.full((20_000, 4), 1e-5)
    boxes[:, axis] = torch.linspace(0, 1, len(boxes))
    boxes[:, 1 - axis] = 0.5
    boxes[7] = boxes[8]
    ones = torch.ones(len(boxes))
    candidates = Candidates(torch.zeros(len(boxes), dtype=torch.int64), boxes, ones, ones[:, None])
    group = np.zeros(len(boxes), np.int64)
    assert overlaps._SortedBoxes.of(boxes.numpy(), group, 0.3).pairs < len(boxes)
    table = box_table(candidates)
    (pairs,) = overlapping_entries(table, table.entries, 0.3, None)
    assert [sorted(pair) for pair in zip(*(side.tolist() for side in pairs), strict=True)] == [
        [7, 8]
    ]


def test_no_entries_have_no_pairs() -> None:
    candidates = crowd(1, 5, 2, 1, 1.0)
    none = np.zeros(0, np.int64)
    assert list(overlapping_entries(box_table(candidates), none, 0.3, None)) == []
