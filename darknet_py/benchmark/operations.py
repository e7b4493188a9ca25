"""What Darknet's `ops` counts. Nothing here needs torch."""

from __future__ import annotations

from darknet_py.graph import Graph
from darknet_py.layers.convolution import Convolutional

COUNTED = ("convolutional", "connected", "rnn", "gru", "lstm")
"""Kinds whose multiplications and additions the C programs add up; the rest is left out."""
XNOR_SAVING = 32
"""By which a summary divides the operations of an xnor convolution, and `ops` does not."""


def operations(graph: Graph) -> int:
    """Multiplications and additions of one picture in convolutions and matrices.

    Groups divide the count, as in pjreddie's program. AlexeyAB's `ops` forgets them, so it gives a
    depthwise layer as many operations as a full one; the table of layers it prints does not.
    """
    return sum(_operations(graph, index) for index in range(len(graph.nodes)))


def _operations(graph: Graph, index: int) -> int:
    node = graph.nodes[index]
    if node.layer.kind not in COUNTED:
        return 0
    count = node.layer.flops(graph.site(index), node.out)
    packed = isinstance(node.layer, Convolutional) and node.layer.xnor
    return round(count * XNOR_SAVING if packed else count)


def ops_lines(graph: Graph) -> list[str]:
    """The two lines of `darknet ops`."""
    count = operations(graph)
    return [f"Floating Point Operations: {count}", f"Floating Point Operations: {billions(count)}"]


def billions(count: float) -> str:
    """Darknet's `%.2f Bn`."""
    return f"{count / 1e9:.2f} Bn"
