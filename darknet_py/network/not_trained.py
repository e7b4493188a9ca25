"""Options of a cfg that change Darknet's training and not the training here."""

from __future__ import annotations

from collections.abc import Iterator

from darknet_py.cfg.options import not_trained
from darknet_py.errors import Notice
from darknet_py.layers.base import Layer
from darknet_py.layers.net import Net
from darknet_py.network.graph import Graph


def not_trained_here(graph: Graph) -> Iterator[Notice]:
    """A warning for each that is set to another value than its default, and for missing losses."""
    sections: list[Net | Layer] = [graph.net, *(node.layer for node in graph.nodes)]
    for section in sections:
        yield from _of_section(section)


def _of_section(section: Net | Layer) -> Iterator[Notice]:
    if isinstance(section, Layer) and section.LOSS_MISSING:
        message = "its loss is not done here: the network can be run, not trained"
        yield Notice("warning", section.location(), message)
    for key, (field, reason) in not_trained(type(section)).items():
        if getattr(section, field.name) != field.default:
            yield Notice("warning", section.section.location(key), f"no effect: {reason}")
