"""How two lists of boxes differ."""

from __future__ import annotations

import pytest

from darknet_py.export.box_difference import box_difference
from darknet_py.export.verify import TOLERANCE


def test_box_difference() -> None:
    import torch

    row = torch.tensor([[0, 1, 0.9, 0.5, 0.5, 0.1, 0.1], [0, 2, 0.2501, 0.1, 0.1, 0.1, 0.1]])
    moved = row + torch.tensor([0, 0, 1e-5, 0, 0, 0, 2e-4])
    same = box_difference(row, moved, 0.25, TOLERANCE)
    assert (same.boxes, same.unmatched) == (2, 0)
    assert same.largest == pytest.approx(2e-4, rel=0.01)
    # What is at the threshold may be missing, what is above it may not.
    assert box_difference(row, row[:1], 0.25, TOLERANCE).unmatched == 0
    assert box_difference(row, row[1:], 0.25, TOLERANCE).unmatched == 1
    other_class = row[:1] + torch.tensor([0, 1, 0, 0, 0, 0, 0])
    assert box_difference(row[:1], other_class, 0.25, TOLERANCE).unmatched == 2
