"""What a training says that has lost its way."""

from __future__ import annotations

import pytest
import torch

from darknet_py.losses.head_loss import HeadLoss
from darknet_py.train.loss_error import not_finite


@pytest.mark.parametrize(
    ("boxes", "cure"),
    [
        (False, "lower learning_rate or raise burn_in"),
        (
            True,
            "lower learning_rate, raise burn_in, set max_delta in the heads, or check the labels "
            "with `darknet-py check`",
        ),
    ],
)
def test_the_cure_of_a_loss_that_is_not_finite(boxes: bool, cure: str) -> None:
    deltas = {1: torch.tensor([2.0, -7.0]), 4: torch.tensor([3.0])}
    losses = {index: HeadLoss(delta, 0.0, {}) for index, delta in deltas.items()}
    told = "iteration 9: the loss is inf, the largest delta 7 in layer 1; "
    assert str(not_finite(9, float("inf"), losses, boxes)) == told + cure
    losses[4] = HeadLoss(torch.tensor([float("nan")]), 0.0, {})
    assert "the largest delta nan in layer 4; " in str(not_finite(9, 1.0, losses, boxes))
