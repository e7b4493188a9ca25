"""Options of a cfg that change Darknet's training and not the training here."""

from __future__ import annotations

from collections.abc import Iterator

from darknet_py.cfg.options import not_trained
from darknet_py.errors import Notice
from darknet_py.layers.base import Layer
from darknet_py.layers.net import Net
from darknet_py.network.graph import Graph


def not_trained_here(graph: Graph) -> Iterator[Notice]:
    """A warning for each that is set to another value than its default."""
    sections: list[Net | Layer] = [graph.net, *(node.layer for node in graph.nodes)]
    for section in sections:
        yield from _of_section(section)


def _of_section(section: Net | Layer) -> Iterator[Notice]:
    for key, (field, reason) in not_trained(type(section)).items():
        if getattr(section, field.name) != field.default:
            yield Notice("warning", section.section.location(key), f"no effect: {reason}")
