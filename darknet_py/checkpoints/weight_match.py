"""A file's convolutions beside the layers of a cfg that they belong to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch

from darknet_py.checkpoints.cfg_values import described
from darknet_py.checkpoints.conv_tensors import conv_tensors, shape_of
from darknet_py.checkpoints.module_forms import Arithmetic, Value
from darknet_py.checkpoints.module_tree import ModuleTree
from darknet_py.errors import WeightsError
from darknet_py.layers.base import Node, Weights
from darknet_py.layers.convolution import Convolutional
from darknet_py.network.graph import Graph


@dataclass(frozen=True)
class WeightMatch:
    """A file and a graph that fit.

    trees: the convolution of each layer. run: the file's own forward pass in any arithmetic: it
    gives what the heads read, by layers. epsilon: of batch normalisation, where the file says none.
    orders: of the inputs of a convolution, where they are not those of the cfg. adds: path of a
    Bottleneck -> whether it adds its input. notes: what was assumed. kept: variances that the file
    has as a .weights file had them, by layers. unused: names of tensors that have no effect.
    """

    graph: Graph
    trees: Mapping[int, ModuleTree]
    run: Callable[[Arithmetic, Value], dict[int, Value]]
    epsilon: float
    orders: Mapping[int, torch.Tensor | None] = field(default_factory=dict)
    adds: Mapping[str, bool] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    kept: Mapping[int, torch.Tensor] = field(default_factory=dict)
    unused: frozenset[str] = frozenset()

    @cached_property
    def nodes(self) -> Mapping[str, int]:
        """Path of a convolution -> its layer."""
        return {tree.path: index for index, tree in self.trees.items()}

    def tensors(self, index: int) -> Weights:
        """Of a layer, as a .weights file has them; raises WeightsError."""
        layer: Any = self.graph.nodes[index].layer
        made = conv_tensors(self.trees[index], self.epsilon).reordered(self.orders.get(index))
        return made.darknet(layer.normalized, self.kept.get(index))


def shape_in_cfg(node: Node) -> tuple[int, ...]:
    """(filters, channels, size, size) of a convolution's weights; () of another layer."""
    layer: Any = node.layer
    if not isinstance(layer, Convolutional):
        return ()
    return layer.filters, node.shapes[0].c // layer.split, layer.size, layer.size


def require_shape(tree: ModuleTree, node: Node) -> None:
    """Raises WeightsError."""
    actual, wanted = shape_of(tree), shape_in_cfg(node)
    if actual != wanted:
        message = f"{tree.path} is {words(actual)}, {described(node)} needs {words(wanted)}"
        raise WeightsError(f"{message} (filters, channels, size)")


def words(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape)) or "nothing"
