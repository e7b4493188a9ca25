"""A loss that is not finite: nothing can be learnt of it, and where it comes from."""

from __future__ import annotations

import numpy as np

from darknet_py.errors import DarknetError
from darknet_py.losses.head_loss import HeadLoss

Losses = dict[int, HeadLoss]
"""The losses of a sub-batch by layer index."""


class LossError(DarknetError):
    """The loss is not finite any more."""


def not_finite(batch: int, cost: float, losses: Losses, boxes: bool) -> LossError:
    """Where a loss stopped being so, and what to try; boxes: in detection networks."""
    largest = {index: float(loss.delta.abs().max()) for index, loss in losses.items()}
    worst = max(largest, key=lambda index: np.nan_to_num(largest[index], nan=np.inf))
    cure = "lower learning_rate or raise burn_in"
    if boxes:
        cure = "lower learning_rate, raise burn_in, set max_delta in the heads, or check the "
        cure += "labels with `darknet-py check`"
    return LossError(
        f"iteration {batch}: the loss is {cost}, the largest delta {largest[worst]:g} in layer "
        f"{worst}; {cure}"
    )
