"""What Darknet's `ops` counts. Nothing here needs torch."""

from __future__ import annotations

from darknet_py.network.graph import Graph


def operations(graph: Graph) -> int:
    """Multiplications and additions of one image in convolutions and matrices."""
    nodes = graph.nodes
    return sum(round(node.layer.operations(graph.context(node.index), node.out)) for node in nodes)


def ops_lines(graph: Graph) -> list[str]:
    """The two lines of `darknet ops`."""
    count = operations(graph)
    return [f"Floating Point Operations: {count}", f"Floating Point Operations: {billions(count)}"]


def billions(count: float) -> str:
    """Darknet's `%.2f Bn`."""
    return f"{count / 1e9:.2f} Bn"
