"""Tables of candidates: joined, split, selected."""

from __future__ import annotations

import numpy as np
import torch
from support.crowd import crowd

from darknet_py.detect.candidates import Candidates


def test_tables_join_and_split() -> None:
    parts = [crowd(seed, 10, 2, 2, 0.5) for seed in (8, 9)]
    whole = Candidates.join(parts)
    assert len(whole) == 20
    first = whole.of_image(1)
    assert bool((first.image == 1).all())
    assert len(first) + len(whole.of_image(0)) == 20
    assert torch.equal(whole.select(torch.arange(10, 20)).boxes, parts[1].boxes)
    assert torch.equal(Candidates.join([Candidates.empty(2), whole]).scores, whole.scores)


def table() -> Candidates:
    """Three boxes of two classes, the last in the second image."""
    scores = torch.tensor([[0.5, 0.0], [0.25, 0.75], [0.0, 0.1]])
    return Candidates(torch.tensor([0, 0, 1]), torch.rand(3, 4), torch.ones(3), scores)


def test_rows_are_selected_by_mask_and_by_index() -> None:
    whole = table()
    assert whole.select(torch.tensor([2, 0])).image.tolist() == [1, 0]
    assert torch.equal(whole.select(torch.tensor([False, True, False])).scores, whole.scores[1:2])
    assert whole.with_scores(whole.scores[:, :1]).boxes is whole.boxes


def test_scores_are_set_to_0_in_place() -> None:
    whole = table()
    whole.drop(np.array([1]), np.array([0]))
    assert whole.scores.flatten().nonzero()[:, 0].tolist() == [0, 3, 5]
    assert whole.objectness.tolist() == [1, 1, 1]
    whole.drop(np.array([0, 2]), None)
    assert whole.scores.flatten().nonzero()[:, 0].tolist() == [3]
    assert whole.objectness.tolist() == [0, 1, 0]


def test_rows_that_are_not_finite_in_pixels_are_left_out() -> None:
    whole = table()
    sides = np.full((3, 2), 1000, np.float32)
    assert whole.finite(sides) is whole
    whole.boxes[1, 2] = 1e36  # finite, but not 1000 times as much
    whole.scores[2, 0] = float("inf")
    left = whole.finite(sides)
    assert left.image.tolist() == [0] and left.not_finite == (0, 1)
    assert torch.equal(left.boxes, whole.boxes[:1])
    assert len(whole.finite(sides[:, :] / 1e6)) == 2
    whole.objectness[0] = float("nan")
    assert len(whole.finite(sides)) == 0
