"""`oneoff` and `oneoff2`: weights put into places of a network where its own would not be."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import torch

from darknet_py.errors import DarknetError, WeightsError
from darknet_py.layers.base import Stored
from darknet_py.layers.weight_tool import WeightTool
from darknet_py.network import weights, weights_layout
from darknet_py.network.graph import Graph
from darknet_py.network.network import load_planned
from darknet_py.network.weights_fitting import plan_fitting
from darknet_py.network.weights_header import measured
from darknet_py.weight_tools.edit import Edit, edited, layers_named, written_header

BOX = 5
"""Filters before those of the classes: x, y, w, h and objectness."""
ANCHORS = 3


def oneoff(graph: Graph, path: str | os.PathLike[str]) -> Edit:
    """A detector of YOLO9000's kind that begins with the classes of a classifier.

    The last convolution of the file gives the class filters of the first of three anchors in the
    cfg's last convolution, its last layer but one; the others get copies. The programs have the
    classes of one file written down (9372, 11921); here the file's size says how many there are.
    Raises WeightsError, DarknetError for a cfg without such a layer.
    """
    index = _last_convolution(graph)
    stored, name = graph.stored(index), os.fspath(path)
    filters = stored[0].size
    before = sum(weights_layout.counts_of(graph)[:index])
    _, header, have = measured(name)
    classes = _classes(graph, index, name, have - before)
    plan = weights_layout.plan(graph, path, cutoff=index)
    network, _ = load_planned(graph, plan, seed=0)
    tensors = network.own(index)
    with torch.no_grad():
        tensors["weights"].mul_(graph.fork.weights.oneoff_start)
        start = header.size + 4 * before
        for one in stored:
            values = np.fromfile(name, "<f4", classes * (one.size // filters), offset=start)
            start += values.nbytes
            _fill(tensors[one.name], _rows(one, values, classes))
    done = f"{classes} classes of {name} at each of the {ANCHORS} anchors of layer {index}"
    return replace(edited(network, {}, done), header=written_header(graph, 0))


def last_filters(graph: Graph) -> int:
    """What `oneoff` prints: the filters of the last layer but one."""
    return graph.stored(_last_convolution(graph))[0].size


def _last_convolution(graph: Graph) -> int:
    index = len(graph.nodes) - 2
    if index >= 0:
        layer = graph.nodes[index].layer
        if WeightTool.FILTERS in layer.tool_facts(graph.fork).tools and graph.stored(index):
            return index
    message = "the last layer but one is no [convolutional] with filters of its own"
    raise DarknetError(f"{graph.path}: {message}, into which classes could be put")


def _classes(graph: Graph, index: int, name: str, have: float) -> int:
    """Filters of the file's last convolution."""
    stored = graph.stored(index)
    filters = stored[0].size
    each = sum(one.size for one in stored) // filters
    if have < each or have % each:
        message = f"{max(0, have):g} floats are left for layer {index}, the last convolution"
        raise WeightsError(f"{name}: {message}; expected a multiple of {each}, a filter's")
    classes, room = int(have) // each, filters // ANCHORS - BOX
    if classes > room:
        message = f"its last convolution has {classes} filters, of which layer {index} of the cfg"
        cure = f"needs filters={ANCHORS * (classes + BOX)}, 3 * (5 + classes)"
        raise WeightsError(f"{name}: {message} holds {max(0, room)} for each anchor; it {cure}")
    return classes


def _rows(
    stored: Stored, values: np.ndarray[tuple[int], np.dtype[np.float32]], rows: int
) -> torch.Tensor:
    """A tensor's rows as the file holds them: flipped=1 has them as columns."""
    found = torch.from_numpy(values.astype(np.float32))
    if stored.transposed == "always":
        found = found.reshape(-1, rows).t()
    return found.reshape(rows, *stored.shape[1:])


def _fill(tensor: torch.Tensor, rows: torch.Tensor) -> None:
    """Behind the box of the first anchor, then copied to the others."""
    tensor[BOX : BOX + len(rows)] = rows
    third = len(tensor) // ANCHORS
    for anchor in range(1, ANCHORS):
        start = anchor * len(tensor) // ANCHORS
        tensor[start : start + third] = tensor[:third]


def oneoff2(graph: Graph, path: str | os.PathLike[str], start: int) -> Edit:
    """A file's layers twice in one network: from its first layer on, and from layer `start` on.

    Layers that neither reaches begin at random. Raises WeightsError where the file fits at neither
    place, DarknetError for a layer the cfg does not have.
    """
    if not 0 <= start < len(graph.nodes):
        message = f"L is {start}, expected 0 to {len(graph.nodes) - 1}, a layer of the cfg"
        raise DarknetError(message)
    again = weights_layout.plan(graph, path, start=start)
    network, first = load_planned(graph, plan_fitting(graph, path), seed=0)
    weights.read(network, again)
    missing = set(first.missing) - set(again.layers)
    notes = (f"{layers_named(graph, missing)} of it are random",) if missing else ()
    done = f"{os.fspath(path)} from layer 0 on and again in {layers_named(graph, again.layers)}"
    return replace(edited(network, {}, done, notes), header=written_header(graph, 0))
