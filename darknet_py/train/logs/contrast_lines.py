"""What AlexeyAB's program prints of a [contrastive] loss."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from darknet_py.losses.head_loss import HeadLoss
from darknet_py.network.darknet_lines import Said

KEPT = 0.99
"""Of the average accuracy, with each update."""
ACCURACY = (
    " Contrast accuracy = {accuracy:f} %, all = {all:.0f}, good = {good:.0f}, same = {all:.0f}, "
    "diff = {all:.0f} \n"
)


@dataclass
class ContrastLines:
    """average: of the accuracy so far, in per cent; last: that of the last sub-batch."""

    average: float = 0.0
    last: float = -1.0

    def of_loss(self, loss: HeadLoss) -> Iterator[Said]:
        """Of a sub-batch."""
        self.last = loss.metrics["accuracy"]
        yield Said(ACCURACY.format(**loss.metrics))
        yield Said(f" contrastive loss = {loss.cost:f} \n\n")

    def of_update(self) -> Iterator[Said]:
        if self.last >= 0:
            self.average = KEPT * self.average + (1 - KEPT) * self.last
        yield Said(f"  avg_contrastive_acc = {self.average:f} \n")
