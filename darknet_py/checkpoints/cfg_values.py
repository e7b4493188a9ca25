"""What the layers of a cfg compute, in the arithmetic of a module's forward pass.

`ordered` says in which order the layers that a route joins are taken: the cfg's own, or that of
the programs' own model files, which name the newest first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from darknet_py.checkpoints.module_forms import Arithmetic, Value
from darknet_py.errors import DarknetError
from darknet_py.layers.base import INPUT, Layer, Node
from darknet_py.layers.convolution import Convolutional
from darknet_py.layers.head import Head
from darknet_py.layers.joins import Route
from darknet_py.layers.pooling import Maxpool
from darknet_py.layers.resample import Upsample
from darknet_py.layers.shortcut import Shortcut
from darknet_py.network.graph import Graph


@dataclass
class CfgValues:
    """Outputs by layer. values: those that are there already, of convolutions above all."""

    graph: Graph
    math: Arithmetic
    newest_first: bool
    values: dict[int, Value] = field(default_factory=dict)

    def __getitem__(self, index: int) -> Value:
        """Raises DarknetError for a layer that none of those programs has."""
        if index not in self.values:
            node = self.graph.nodes[index]
            compute = COMPUTED.get(type(node.layer))
            if compute is None:
                raise DarknetError(f"{described(node)} is in none of those networks")
            self.values[index] = compute(self, node)
        return self.values[index]


def described(node: Node) -> str:
    """`layer 12 [shortcut] (line 80)`"""
    return f"layer {node.index} [{node.layer.kind}] (line {node.layer.section.line})"


def _route(values: CfgValues, node: Node) -> Value:
    layer: Any = node.layer
    inputs = sorted(node.inputs, reverse=True) if values.newest_first else node.inputs
    found = [values[source] for source in inputs]
    if layer.groups > 1:
        found = [values.math.part(value, layer.group_id, layer.groups) for value in found]
    return found[0] if len(found) == 1 else values.math.concat(found)


def _shortcut(values: CfgValues, node: Node) -> Value:
    layer: Any = node.layer
    plain = len(node.inputs) == 2 and len(set(node.shapes)) == 1
    if not plain or layer.activation != "linear" or layer.weights_type != "none":
        raise DarknetError(f"{described(node)} is no plain sum of two layers")
    return values.math.add(*(values[source] for source in node.inputs))


def _maxpool(values: CfgValues, node: Node) -> Value:
    layer: Any = node.layer
    stride, size = layer.stride, layer.size or layer.stride
    return values.math.pool(values[node.inputs[0]], size, stride)


def _upsample(values: CfgValues, node: Node) -> Value:
    return values.math.upsample(values[node.inputs[0]])


COMPUTED: Mapping[type[Layer], Callable[[CfgValues, Node], Value]] = {
    Route: _route,
    Shortcut: _shortcut,
    Maxpool: _maxpool,
    Upsample: _upsample,
}


def convolutional_nodes(graph: Graph) -> list[Node]:
    """In file order, those above the heads left out."""
    above = {node.index for node in head_nodes(graph)}
    every = (node for node in graph.nodes if isinstance(node.layer, Convolutional))
    return [node for node in every if node.index not in above]


def head_nodes(graph: Graph) -> list[Node]:
    """The layers that the detection heads read."""
    heads = (node for node in graph.nodes if isinstance(node.layer, Head))
    return [graph.nodes[node.inputs[0]] for node in heads if node.inputs[0] != INPUT]
