"""What the heads of a network show of an update: the means of its sub-batches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from darknet_py.layers.head import Head
from darknet_py.losses.head_loss import HeadLoss
from darknet_py.network.graph import Graph

HeadValues = Mapping[str, float]
"""Such as {"yolo_16/iou": 0.61}: the metrics of all heads, by the names of their columns."""


class HeadPart(NamedTuple):
    """sources: the first of these that a loss has counts. by_box: a mean over boxes, which says
    nothing where there are none."""

    sources: tuple[str, ...]
    by_box: bool


BOXES = "boxes"
PARTS = {
    "iou": HeadPart(("iou",), True),
    "obj": HeadPart(("obj",), True),
    # [detection] calls it "any", and [region] counts boxes with objects in as well.
    "no_obj": HeadPart(("no_obj", "any_obj"), False),
    "class": HeadPart(("class",), True),
    "recall50": HeadPart(("recall50",), True),
}
"""What is shown of a head beside its loss and its boxes; the names are those of Darknet's lines."""
COLUMNS = ("loss", *PARTS, BOXES)


def head_columns(graph: Graph, owners: Iterable[int]) -> tuple[str, ...]:
    """The names of what is shown, head by head; owners: the layers that have a loss.

    Of other layers than heads there is only the loss, and of a single one that is the network's.
    """
    layers = {index: graph.nodes[index].layer for index in owners}
    if len(layers) == 1 and not any(isinstance(layer, Head) for layer in layers.values()):
        return ()
    return tuple(
        f"{layer.kind}_{index}/{column}"
        for index, layer in layers.items()
        for column in (COLUMNS if isinstance(layer, Head) else COLUMNS[:1])
    )


@dataclass
class WeightedMean:
    total: float = 0.0
    weight: float = 0.0

    def add(self, value: float, weight: float = 1.0) -> None:
        self.total += value * weight
        self.weight += weight


@dataclass
class HeadMeter:
    """Adds up sub-batches until the update they belong to is made."""

    means: dict[tuple[int, str], WeightedMean] = field(default_factory=dict)

    def add(self, losses: Mapping[int, HeadLoss]) -> None:
        """losses: by the index of their layer. Boxes are counted, all else is a mean."""
        for index, loss in losses.items():
            self._mean(index, "loss").add(loss.cost / max(1, len(loss.delta)))
            if BOXES_OF_LOSS in loss.metrics:
                self._add_parts(index, loss.metrics)

    def _add_parts(self, index: int, metrics: Mapping[str, float]) -> None:
        boxes = metrics[BOXES_OF_LOSS]
        # Boxes are added up, so that of several sub-batches the mean's weight is left alone.
        mean = self._mean(index, BOXES)
        mean.total, mean.weight = mean.total + boxes, 1.0
        for name, part in PARTS.items():
            source = next((one for one in part.sources if one in metrics), None)
            if source is not None:
                self._mean(index, name).add(metrics[source], boxes if part.by_box else 1.0)

    def _mean(self, index: int, name: str) -> WeightedMean:
        return self.means.setdefault((index, name), WeightedMean())

    def taken(self, graph: Graph) -> HeadValues:
        """The values since the last call, by column; what no box tells of is left out."""
        means, self.means = self.means, {}
        return {
            f"{graph.nodes[index].layer.kind}_{index}/{name}": mean.total / mean.weight
            for (index, name), mean in means.items()
            if mean.weight
        }


BOXES_OF_LOSS = "count"
"""What losses call the number of labelled boxes that a head answered for."""
