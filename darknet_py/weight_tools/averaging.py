"""`average`: the mean of several weights files of one cfg."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from darknet_py.layers.base import Weights
from darknet_py.network.graph import Graph
from darknet_py.network.network import Network, load_planned
from darknet_py.network.weights import LoadReport
from darknet_py.network.weights_layout import Layout
from darknet_py.weight_tools.edit import Edit, edited, layers_named


def average(graph: Graph, plans: Sequence[Layout]) -> tuple[Edit, list[LoadReport]]:
    """The mean of files whose sizes have been checked: one or more.

    As in both programs only [convolutional] is averaged, and of [connected] weights and biases; all
    else, and the number of images seen, is the first file's.
    """
    network, report = load_planned(graph, plans[0], seed=0)
    sums, reports = _averaged(network), [report]
    for plan in plans[1:]:
        other, report = load_planned(graph, plan, seed=0)
        reports.append(report)
        for index, tensors in _averaged(other).items():
            for name, tensor in tensors.items():
                sums[index][name].add_(tensor)
    for tensors in sums.values():
        for tensor in tensors.values():
            tensor.mul_(1 / len(plans))
    done = f"mean of {len(plans)} files" if len(plans) > 1 else f"as {plans[0].path}"
    return edited(network, {}, done, _left_out(network, plans)), reports


def _averaged(network: Network) -> dict[int, dict[str, torch.Tensor]]:
    """The very tensors of which the mean is taken, by layer."""
    return {
        node.index: _known(
            network.own(node.index), node.layer.tool_facts(network.graph.fork).averaged
        )
        for node in network.graph.nodes
    }


def _known(tensors: Weights, names: Sequence[str]) -> dict[str, torch.Tensor]:
    return {name: tensor.detach() for name, tensor in tensors.items() if name in names}


def _left_out(network: Network, plans: Sequence[Layout]) -> tuple[str, ...]:
    """Which layers have tensors that only the first file has given."""
    averaged = _averaged(network)
    left = [index for index, known in averaged.items() if len(known) < len(network.own(index))]
    if not left or len(plans) == 1:
        return ()
    what = (
        "only [convolutional], and weights and biases of [connected], are averaged, as in Darknet"
    )
    where = f"the rest of {layers_named(network.graph, left)}"
    return (f"{what}; {where} is of {plans[0].path}",)
