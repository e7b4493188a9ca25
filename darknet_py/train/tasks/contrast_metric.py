"""What `-topk` measures where a network ends in embeddings, which answer no class."""

from __future__ import annotations

from dataclasses import dataclass

from darknet_py.errors import DarknetError
from darknet_py.layers.scores import Contrastive
from darknet_py.network.graph import Graph
from darknet_py.train.logs.progress_log import TrainingLog
from darknet_py.train.trainer import Trainer

NAME = "Contr"
"""AlexeyAB's word for it."""


@dataclass(frozen=True)
class ContrastMetric:
    """How many images are more similar to one of their class than to all others, in the last
    sub-batch of training.

    index: the layer of the loss. every, burn_in, earliest: as of `TopkMetric`.
    """

    index: int
    every: int
    burn_in: int
    earliest: int
    name: str = NAME
    label: str = NAME

    def next_at(self, last: int) -> int:
        return max(last + self.every, self.earliest, self.burn_in)

    def is_due(self, update: int, last: int) -> bool:
        return update >= self.next_at(last)

    def evaluate(self, trainer: Trainer, report: TrainingLog) -> float:
        """Raises DarknetError where nothing was compared."""
        loss = trainer.losses.get(self.index)
        if loss is None or loss.metrics["accuracy"] < 0:
            raise DarknetError("no image of the last sub-batch has both like and unlike ones")
        report.remark(f"contrast accuracy = {loss.metrics['accuracy']:g} %")
        return loss.metrics["accuracy"] / 100


def embeddings_layer(graph: Graph) -> int | None:
    """The first loss over embeddings of a network that ends in one; None for any other."""
    last = graph.nodes[graph.last].layer
    if not (graph.net.contrastive and isinstance(last, Contrastive)):
        return None
    return next(n.index for n in graph.nodes if isinstance(n.layer, Contrastive))
