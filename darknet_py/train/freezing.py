"""Which layers a step leaves as they are: stopbackward, onlyforward, train_only_bn."""

from __future__ import annotations

from darknet_py.network.graph import Graph


def no_grad_layers_at(graph: Graph, completed: int) -> frozenset[int]:
    """Layers no gradient passes after so many updates: up to the last active stopbackward, and
    those onlyforward."""
    rules = graph.fork.update
    ends = completed if rules.stopbackward_counts else None
    stops = [n.index for n in graph.nodes if _stops(n.layer.stopbackward, ends)]
    last = max(stops, default=-1)
    return frozenset(
        node.index
        for node in graph.nodes
        if node.index <= last or (rules.freezes and node.layer.onlyforward)
    )


def silent_losses(graph: Graph) -> frozenset[int]:
    """Layers with onlyforward=1 whose loss teaches nothing."""
    freezes = graph.fork.update.freezes
    return frozenset(
        node.index
        for node in graph.nodes
        if node.layer.onlyforward and (freezes or node.layer.MAY_BE_SILENT)
    )


def _stops(value: int, completed: int | None) -> bool:
    """1 always; a larger value only while fewer updates have been made. None: any but 0 always."""
    return value != 0 if completed is None else value == 1 or value > completed


def freeze_before(graph: Graph) -> int:
    """AlexeyAB's program: layers before a stopbackward=1 keep even their batch statistics."""
    if not graph.fork.update.freezes:
        return 0
    return max((n.index for n in graph.nodes if n.layer.stopbackward == 1), default=0)


def statistics_only(graph: Graph) -> int:
    """Layers before this index, up to a train_only_bn, learn no weights."""
    if not graph.fork.update.holds_layers:
        return 0
    return max((n.index + 1 for n in graph.nodes if n.layer.train_only_bn), default=0)
