"""`valid2`: the outputs of a picture averaged with those of its mirror image."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor

from darknet_py.errors import DarknetError
from darknet_py.graph import Graph
from darknet_py.layers.base import Layer
from darknet_py.layers.region import Region
from darknet_py.layers.yolo import AnchorHead, GaussianYolo

CENTRE = "center"


def require_mirrorable(graph: Graph) -> None:
    """Raises DarknetError for a head whose outputs cannot be turned back."""
    for index in graph.heads:
        layer = graph.nodes[index].layer
        if not isinstance(layer, (AnchorHead, Region)):
            message = f"valid2 averages the outputs of [yolo] and [region], not of [{layer.kind}]"
            raise DarknetError(f"{message}; use valid", layer.place())
        if isinstance(layer, GaussianYolo) and layer.yolo_point != CENTRE:
            message = f"valid2 needs boxes given by their centre, not yolo_point={layer.yolo_point}"
            raise DarknetError(f"{message}; use valid", layer.place("yolo_point"))


def averaged(graph: Graph, heads: Sequence[Tensor], mirrored: Sequence[Tensor]) -> list[Tensor]:
    """The mean of each head's output and that of the mirrored pictures, turned back."""
    layers = [graph.nodes[index].layer for index in graph.heads]
    return [
        (plain + _turned(layer, graph, other)) / 2
        for layer, plain, other in zip(layers, heads, mirrored, strict=True)
    ]


def _turned(layer: Layer, graph: Graph, output: Tensor) -> Tensor:
    """The output (N, A * E, H, W) of a mirrored picture as of the picture itself.

    pjreddie's program takes -x for the place in the cell, which moves every box by half a cell;
    the mirror image of x in 0..1 is 1 - x, and -x where the logistic is still to come.
    """
    assert isinstance(layer, (AnchorHead, Region))
    anchors = layer.num if isinstance(layer, Region) else len(layer.masks)
    cells = output.flip(3).unflatten(1, (anchors, -1)).clone()
    cells[:, :, 0] = _mirror_of(layer, graph)(cells[:, :, 0])
    return cells.flatten(1, 2)


def _mirror_of(layer: Layer, graph: Graph) -> Callable[[Tensor], Tensor]:
    raw = isinstance(layer, Region) and graph.fork.region_raw_location
    return (lambda x: -x) if raw else (lambda x: 1 - x)
