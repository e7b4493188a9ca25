"""`valid2`: the outputs of an image averaged with those of its mirror image."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from darknet_py.errors import DarknetError
from darknet_py.layers.head import Head
from darknet_py.network.graph import Graph


def require_mirrorable(graph: Graph) -> None:
    """Raises DarknetError for a head whose outputs cannot be turned back."""
    for index in graph.heads:
        layer = graph.nodes[index].layer
        if not isinstance(layer, Head) or not layer.MIRRORS:
            message = f"valid2 averages the outputs of [yolo] and [region], not of [{layer.kind}]"
            raise DarknetError(f"{message}; use valid", layer.location())
        if layer.mirror_fault:
            needed, key = layer.mirror_fault
            raise DarknetError(f"valid2 needs {needed}; use valid", layer.location(key))


def averaged(graph: Graph, heads: Sequence[Tensor], mirrored: Sequence[Tensor]) -> list[Tensor]:
    """The mean of each head's output and that of the mirrored images, turned back."""
    return [
        (plain + head.mirrored(other, graph.fork)) / 2
        for head, plain, other in zip(graph.detection_heads, heads, mirrored, strict=True)
    ]
