"""Pairs of boxes that overlap, against each box compared with each."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from support.crowd import crowd

from darknet_py.boxes import diou, iou
from darknet_py.detect.overlaps import overlapping_entries


@pytest.mark.parametrize("exponent", [None, 0.6])
@pytest.mark.parametrize("filled", [0.2, 1.0])
def test_pairs_are_those_of_all_that_overlap(filled: float, exponent: float | None) -> None:
    """Few classes a box are compared entry by entry, many box by box; both give each pair once."""
    candidates, classes = crowd(1, 40, 3, 2, filled), 3
    found: list[frozenset[int]] = []
    entries = candidates.entries
    for first, second in overlapping_entries(candidates, entries, classes, 0.3, exponent):
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


def test_no_entries_have_no_pairs() -> None:
    candidates = crowd(1, 5, 2, 1, 1.0)
    none = np.zeros(0, np.int64)
    assert list(overlapping_entries(candidates, none, 2, 0.3, None)) == []
