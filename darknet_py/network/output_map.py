"""The map of pixels that a segmenter gives: its size, its classes, and what follows them."""

from __future__ import annotations

from dataclasses import dataclass

from darknet_py.errors import DarknetError
from darknet_py.layers.scores import Iseg
from darknet_py.network.graph import Graph


@dataclass(frozen=True)
class OutputMap:
    """classes: channels of scores; ids: channels of embeddings behind them, 0 without [iseg].

    reduction: pixels of the input for one of the map, along a side.
    """

    classes: int
    ids: int
    width: int
    height: int
    reduction: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width."""
        return self.classes + self.ids, self.height, self.width


def output_map(graph: Graph) -> OutputMap:
    """That of a network's last layer; of a [softmax] over all values, that of the layer above.

    Raises DarknetError for a map whose pixels are not whole squares of the input's.
    """
    node, net = graph.nodes[graph.last], graph.net
    flat = node.out.w == node.out.h == 1 and node.out.size == node.shapes[0].size
    shape = node.shapes[0] if flat else node.out
    reduction = net.width // shape.w
    if (shape.w * reduction, shape.h * reduction) != (net.width, net.height) or not reduction:
        message = f"gives {shape.w} x {shape.h} pixels for an input of {net.width} x {net.height}"
        cure = "expected the input's width and height divided by the same whole number"
        raise DarknetError(f"{node.layer.location()}: {message}; {cure}")
    ids = node.layer.ids if isinstance(node.layer, Iseg) else 0
    return OutputMap(shape.c - ids, ids, shape.w, shape.h, reduction)


def require_instances(graph: Graph) -> None:
    """Raises DarknetError for a network that does not end in [iseg]."""
    last = graph.nodes[graph.last].layer
    if not isinstance(last, Iseg):
        message = "gives classes alone, expected [iseg] at the end"
        raise DarknetError(f"{last.location()}: {message}; use `segmenter`")


def require_classes_alone(graph: Graph) -> None:
    """Raises DarknetError for a network that ends in [iseg]."""
    last = graph.nodes[graph.last].layer
    if isinstance(last, Iseg):
        raise DarknetError(f"{last.location()}: tells objects apart; use `isegmenter`")
