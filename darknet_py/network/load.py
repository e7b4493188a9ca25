"""Everything about a network that can be known, and refused, before torch is imported."""

from __future__ import annotations

import os
from dataclasses import dataclass

from darknet_py.cfg.datafile import DataFile, read_data_file
from darknet_py.cfg.names import Names, class_names, fitting_data
from darknet_py.errors import CfgError, DarknetError, Location
from darknet_py.forks import Fork
from darknet_py.network import weights_layout
from darknet_py.network.graph import Graph, read_graph
from darknet_py.network.summary import FLOAT_BYTES, peak_activation_bytes
from darknet_py.system import total_memory

WORKSPACE = 2
"""A convolution may need about as much again as its input and output together."""


@dataclass(frozen=True)
class LoadedModel:
    """A detection network before its tensors: its graph, where a weights file that fits has them,
    its class names, and the .data file that was read for them."""

    graph: Graph
    plan: weights_layout.Layout
    names: list[str]
    data: DataFile | None = None


def load_model(
    cfg: str | os.PathLike[str],
    weights: str | os.PathLike[str] | None,
    names: Names = None,
    *,
    data: str | DataFile | None = None,
    usual_data: str | None = None,
    fork: str | Fork = "alexeyab",
    width: int | None = None,
    height: int | None = None,
) -> LoadedModel:
    """Read and check all three; raises CfgError, WeightsError or DataError.

    weights: None for random ones. usual_data: a .data file whose names are taken where they are as
    many as the classes.
    """
    # Recurrent nets see single images here: AlexeyAB's inference sets time_steps=1 as well.
    graph = read_graph(cfg, width=width, height=height, fork=fork, time_steps=1)
    plan = weights_layout.plan(graph, weights)
    require_memory(graph)
    classes = head_classes(graph)
    file = read_data_file(data) if isinstance(data, (str, os.PathLike)) else data
    if file is None and names is None and usual_data is not None:
        file = fitting_data(usual_data, classes)
    known = class_names(names, os.fspath(cfg), classes, file)
    return LoadedModel(graph, plan, known, file)


def head_classes(graph: Graph) -> int:
    """Classes of the last detection head; raises DarknetError for a network without one."""
    classes = graph.head_classes
    if classes is None:
        last = graph.nodes[graph.last].layer.kind
        raise DarknetError(f"{graph.path}: has no detection head, it ends in [{last}]")
    return classes


def require_memory(graph: Graph, images: int = 1) -> None:
    """Raises CfgError when a forward pass cannot fit into this machine's memory."""
    activations = WORKSPACE * images * peak_activation_bytes(graph)
    needed = FLOAT_BYTES * graph.parameters + activations
    there = total_memory()
    if there and needed > there:
        message = f"one forward pass needs about {needed / 2**30:.1f} GiB"
        cure = f"this machine has {there / 2**30:.1f}; make width and height smaller"
        raise CfgError(f"{message}, {cure}", Location(graph.path, section="net"))


def images_in_memory(graph: Graph) -> int:
    """How many images can be in the network at once in half of this machine's memory."""
    there = total_memory()
    needed = WORKSPACE * peak_activation_bytes(graph)
    return max(1, there // (2 * needed)) if there else 1
