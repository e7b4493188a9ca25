"""`statistics` and `print`: what weights are, in numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from darknet_py.errors import DarknetError
from darknet_py.layers.base import Weights
from darknet_py.layers.weight_tool import WeightTool
from darknet_py.network.network import Network
from darknet_py.weight_tools.edit import matrices, normalized


def statistics_lines(network: Network) -> Iterator[str]:
    """The lines of `statistics`: an empty one for each layer, before it those of its matrices.

    Only layers of matrices with batch normalisation have any. As in both programs, `MSE` is the
    root of the mean square, and of the weights only as many as there are outputs are looked at.
    """
    for node in network.graph.nodes:
        facts, tensors = node.layer.tool_facts(network.graph.fork), network.own(node.index)
        if WeightTool.STATISTICS in facts.tools and normalized(tensors):
            yield f"{facts.title} Layer {node.index}"
            for part, title in facts.parts.items():
                if title:
                    yield title
                yield from _matrix_lines(tensors, part)
        yield ""


def _matrix_lines(tensors: Weights, part: str) -> Iterator[str]:
    outputs = len(tensors[f"{part}biases"])
    for name in ("scales", "biases", "weights"):
        values = tensors[part + name].detach().flatten()[:outputs].double().numpy()
        with np.errstate(all="ignore"):
            size, mean, variance = np.sqrt(np.mean(values**2)), values.mean(), values.var()
        yield (f"{name.capitalize()} MSE: {size:.6f}, Mean: {mean:.6f}, Variance: {variance:.6f}")


def weight_rows(network: Network, index: int) -> Iterator[str]:
    """The lines of `print`: the weights of each filter of a layer, `%g` with a blank behind each.

    Of [connected] a row for each output, of [local] one for each pixel, of recurrent layers the
    matrices in file order. Raises DarknetError for a layer that has no weights.
    """
    graph = network.graph
    if not 0 <= index < len(graph.nodes):
        raise DarknetError(
            f"N is {index}, expected 0 to {len(graph.nodes) - 1}, a layer of the cfg"
        )
    layer, tensors = graph.nodes[index].layer, network.own(index)
    parts = list(matrices(tensors))
    if not parts:
        having = [node.index for node in graph.nodes if list(matrices(network.own(node.index)))]
        hint = f"; the first layer that has any is {having[0]}" if having else ""
        raise DarknetError(f"layer {index} [{layer.kind}] has no weights{hint}")
    axis = layer.tool_facts(graph.fork).filter_axis
    return (row for part in parts for row in _rows(tensors[f"{part}weights"], axis))


def _rows(weights: torch.Tensor, axis: int) -> Iterator[str]:
    for row in weights.detach().transpose(0, axis).flatten(1):
        yield "".join(f"{value:g} " for value in row.tolist())
