"""`rgbgr` and `rescale`: the first convolution made to read another kind of pixels."""

from __future__ import annotations

from collections.abc import Callable

import torch

from darknet_py.layers.weight_tool import WeightTool
from darknet_py.network.network import Network
from darknet_py.weight_tools.edit import Edit, edited, normalized

COLOURS = 3
"""Both tools leave filters with any other number of channels alone."""
SCALE, SHIFT = 2.0, -0.5
BEHIND = (
    "the layer has batch normalisation, behind which biases are added: outputs are the same only "
    "without it, so use `denormalize` first"
)
Change = Callable[[torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]
"""From (weights, biases) to others."""


def rgbgr(network: Network) -> Edit:
    """The first convolution reads BGR as it read RGB, or the other way round; twice is none."""
    return _first_filters(network, _mirrored, "red and blue swapped")


def rescale(network: Network) -> Edit:
    """The first convolution, which learnt from values in [-1, 1], reads values in [0, 1].

    weights * 2, biases - their sum / 2, as both programs have it; padding stays 0, which was the
    middle before.
    """
    edit = _first_filters(network, _rescaled, "values of 0 to 1 read as -1 to 1")
    if any(map(normalized, map(network.own, edit.tensors))):
        edit.notes = (*edit.notes, BEHIND)
    return edit


def _first_filters(network: Network, change: Change, words: str) -> Edit:
    graph = network.graph
    facts = (node.layer.tool_facts(graph.fork) for node in graph.nodes)
    index = next((i for i, one in enumerate(facts) if WeightTool.FILTERS in one.tools), None)
    if index is None:
        return edited(network, {}, "", ("the cfg has no [convolutional] layer",))
    tensors = network.own(index)
    if (channels := tensors["weights"].shape[1]) != COLOURS:
        note = f"filters of layer {index}, the first convolution, are of depth {channels}, not 3"
        return edited(network, {}, "", (note,))
    weights, biases = change(tensors["weights"].detach(), tensors["biases"].detach())
    changed = {**tensors, "weights": weights, "biases": biases}
    return edited(
        network, {index: changed}, f"{words} in the {len(biases)} filters of layer {index}"
    )


def _mirrored(weights: torch.Tensor, biases: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return weights.flip(1), biases


def _rescaled(weights: torch.Tensor, biases: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    scaled = SCALE * weights
    return scaled, biases + (SHIFT * scaled.double().sum(dim=(1, 2, 3))).to(biases.dtype)
