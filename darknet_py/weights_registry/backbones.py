"""Which of the published backbones a network can start its training from."""

from __future__ import annotations

import itertools

from darknet_py.network.graph import Graph
from darknet_py.network.weights_header import Header
from darknet_py.weights_registry.registry import files, networks

FLOAT_BYTES = 4
ACTIVATIONS = ("mish", "swish")
HEADER_BYTES = tuple(Header(0, minor, 0, 0).size for minor in (1, 2))


def backbone_for(graph: Graph) -> str | None:
    """The backbone that holds the most of a network's first layers, None where none fits.

    A name such as yolov4-tiny.conv.29 says how many layers the file holds, and its size how many
    numbers they have. Two of them differ from others in their activation alone, which is in their
    names.
    """
    sizes = (sum(t.size for t in graph.stored(n.index) if t.in_file) for n in graph.nodes)
    floats = [0, *itertools.accumulate(sizes)]
    fitting = {
        layers: name
        for name, layers in _backbones().items()
        if layers < len(floats) and _file_sizes(floats[layers]) & {*files()[name].sizes}
        if _named_activations(name) <= _activations(graph, layers)
    }
    return fitting[max(fitting)] if fitting else None


def _backbones() -> dict[str, int]:
    """Name -> layers, of the names that end in a number."""
    named = (network.name for network in networks().values() if network.task == "backbone")
    ends = ((name, name.rpartition(".")[2]) for name in named)
    return {name: int(end) for name, end in ends if end.isdigit()}


def _named_activations(name: str) -> set[str]:
    return {word for word in ACTIVATIONS if word in name.partition(".")[0].split("-")}


def _activations(graph: Graph, layers: int) -> set[str]:
    return {str(getattr(node.layer, "activation", "")) for node in graph.nodes[:layers]}


def _file_sizes(floats: int) -> set[int]:
    return {header + FLOAT_BYTES * floats for header in HEADER_BYTES}
