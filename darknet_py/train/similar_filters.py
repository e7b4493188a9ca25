"""weights_reject_freq of [net]: filters that do another's work start again at random."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from darknet_py.layers.base import Weights
from darknet_py.layers.convolution import Convolutional
from darknet_py.layers.head import Head
from darknet_py.network.graph import Graph
from darknet_py.network.network import Network

SIMILAR = 0.4
"""Cosine above which two filters count as one."""
BEFORE_HEAD = 3
"""So many layers before a [yolo] are left alone, as the first layer is."""


def is_due(graph: Graph, completed: int) -> bool:
    """Whether it happens after so many updates: every so often up to 3/4 of max_batches."""
    often = graph.net.weights_reject_freq
    if not (often and graph.fork.loss.filter_rejection):
        return False
    return completed < graph.net.max_batches * 3 // 4 and completed % often == 0


@torch.no_grad()
def restart_similar_filters(network: Network, generator: torch.Generator, before: int = 0) -> None:
    """Of the two likest filters of each layer start the first again, where they are too alike.

    generator: of the host, so that all processes draw alike. before: layers up to this index, that
    training holds, stay as they are, and so do tensors with requires_grad=False.
    """
    for index in layers_concerned(network.graph):
        own = network.own(network.graph.steps[index].owner)
        if index < before or not own["weights"].requires_grad:
            continue
        found = _likest(own["weights"])
        if found is not None:
            _restart(own, found, generator)


def layers_concerned(graph: Graph) -> Iterator[int]:
    """Convolutions with an activation, neither the first layer nor shortly before a [yolo]."""
    for node in graph.nodes[1:]:
        following = graph.nodes[node.index + 1 : node.index + 1 + BEFORE_HEAD]
        ends = any(isinstance(one.layer, Head) and one.layer.SPARES_FILTERS for one in following)
        layer = node.layer
        if isinstance(layer, Convolutional) and layer.activation != "linear" and not ends:
            yield node.index


def _likest(weights: Tensor) -> int | None:
    """The first filter of the likest pair; None where no two are alike. weights: (n, c, h, w)."""
    if len(weights) < 2:
        return None
    rows = weights.flatten(1)
    # A filter of zeros is like none.
    rows = rows / rows.norm(dim=1, keepdim=True).clamp(min=torch.finfo(rows.dtype).tiny)
    likeness = (rows @ rows.T).triu(1)
    # The diagonal and what is below it are 0 and can only win where nothing is alike.
    best = int(likeness.argmax())
    return best // len(weights) if likeness.flatten()[best] > SIMILAR else None


def _restart(own: Weights, number: int, generator: torch.Generator) -> None:
    weights = own["weights"]
    width = math.sqrt(2 / weights[number].numel())
    drawn = torch.rand(weights[number].shape, generator=generator) * 2 - 1
    weights[number] = drawn.to(weights) * width
    for name, value in (("biases", 0.0), ("scales", 1.0)):
        if name in own:
            own[name][number] = value
