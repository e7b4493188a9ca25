"""`reset`, `denormalize` and `normalize`: batch normalisation emptied, folded away, added."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import torch

from darknet_py.layers.base import Layer, Weights, replaced
from darknet_py.layers.normalize import fold_batchnorm
from darknet_py.layers.weight_tool import ToolFacts, WeightTool
from darknet_py.network.graph import Graph
from darknet_py.network.network import Network
from darknet_py.weight_tools.edit import Edit, edited, layers_named, matrices, normalized

NO_BATCHNORM = "no layer that the tool knows has batch_normalize=1"


def reset(network: Network) -> Edit:
    """Batch normalisation goes into weights and biases; scales 1, means 0 and variances 1 stay.

    Outputs are the same but for the epsilon under the root, 5e-6 of them for each layer.
    """
    emptied = {
        index: _folded(tensors, facts) | _identity(tensors)
        for index, facts, tensors in _known(network, WeightTool.RESET)
        if normalized(tensors)
    }
    if not emptied:
        return edited(network, {}, "", (NO_BATCHNORM,))
    where = layers_named(network.graph, emptied)
    return edited(network, emptied, f"batch normalisation of {where} moved into the weights")


def denormalize(network: Network) -> Edit:
    """Batch normalisation goes into weights and biases, and its tensors go: outputs are the same.

    Both programs take epsilon 1e-6 for matrices here, 1e-5 when they run; here it is always 1e-5.
    AlexeyAB's writes past the filters of convolutions, and means [lstm] where it says [gru].
    """
    folded = {
        index: _folded(tensors, facts)
        for index, facts, tensors in _known(network, WeightTool.DENORMALIZE)
        if normalized(tensors)
    }
    if not folded:
        return edited(network, {}, "", (NO_BATCHNORM,))
    users = _users(network.graph, folded)
    done = f"for the cfg with batch_normalize=0 in {layers_named(network.graph, users)}"
    return edited(network, folded, done, graph=_switched(network.graph, users, False))


def normalize(network: Network) -> Edit:
    """Layers without batch normalisation get that of a network before its training.

    Scales 1, means 0 and variances 0. Both programs have the condition of [gru] and [lstm] the
    wrong way round, and overwrite what those with batch normalisation have learnt.
    """
    added = {
        index: _added(tensors)
        for index, _, tensors in _known(network, WeightTool.NORMALIZE)
        if not normalized(tensors)
    }
    if not added:
        return edited(network, {}, "", ("no layer that the tool knows is without it",))
    users = _users(network.graph, added)
    done = f"for the cfg with batch_normalize=1 in {layers_named(network.graph, users)}"
    note = "its new statistics are those before a training (variance 0): train it, then run it"
    return edited(network, added, done, (note,), _switched(network.graph, users, True))


def _known(network: Network, tool: WeightTool) -> Iterator[tuple[int, ToolFacts, Weights]]:
    """The layers with tensors of their own that a tool looks at."""
    for node in network.graph.nodes:
        facts, tensors = node.layer.tool_facts(network.graph.fork), network.own(node.index)
        if tool in facts.tools and tensors:
            yield node.index, facts, tensors


def _folded(tensors: Weights, facts: ToolFacts) -> dict[str, torch.Tensor]:
    """Weights and biases of all matrices, with batch normalisation in them."""
    changed = dict[str, torch.Tensor]()
    for part in matrices(tensors):
        own = {name.removeprefix(part): tensor.detach() for name, tensor in tensors.items()}
        own["weights"] = tensors[f"{part}weights"].detach().transpose(0, facts.filter_axis)
        for name in ("biases", "scales", "rolling_mean", "rolling_variance"):
            own[name] = tensors[part + name].detach()
        kernel, biases = fold_batchnorm(own)
        changed[f"{part}weights"] = kernel.transpose(0, facts.filter_axis).contiguous()
        changed[f"{part}biases"] = biases
    return changed


IDENTITY = {"scales": 1.0, "rolling_mean": 0.0, "rolling_variance": 1.0}
UNTRAINED = IDENTITY | {"rolling_variance": 0.0}


def _identity(tensors: Weights) -> dict[str, torch.Tensor]:
    return {
        part + name: torch.full_like(tensors[f"{part}biases"].detach(), value)
        for part in matrices(tensors)
        for name, value in IDENTITY.items()
    }


def _added(tensors: Weights) -> dict[str, torch.Tensor]:
    return {name: tensor.detach() for name, tensor in tensors.items()} | {
        part + name: torch.full_like(tensors[f"{part}biases"].detach(), value)
        for part in matrices(tensors)
        for name, value in UNTRAINED.items()
    }


def _users(graph: Graph, indices: Collection[int]) -> list[int]:
    """The layers that compute with the tensors of these: also those with share_index."""
    return [step.index for step in graph.steps if step.owner in indices]


def _switched(graph: Graph, indices: Collection[int], on: bool) -> Graph:
    """The graph with batch normalisation turned on or off in these layers."""
    return graph.with_layers(
        _with_batchnorm(node.layer, node.layer.tool_facts(graph.fork), on)
        if node.index in indices
        else node.layer
        for node in graph.nodes
    )


def _with_batchnorm(layer: Layer, facts: ToolFacts, on: bool) -> Layer:
    first, *others = facts.batchnorm
    changed: Layer = replaced(layer, **{first: int(on)}, **dict.fromkeys(others, 0))
    return changed
