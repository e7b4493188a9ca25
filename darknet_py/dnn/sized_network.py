"""A network for blobs of one size: the layers asked for, as OpenCV gives them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from darknet_py.dnn.head_rows import HeadRows
from darknet_py.dnn.inner_program import InnerProgram, Target
from darknet_py.dnn.layer_names import NamedLayer, Stage
from darknet_py.engines.engine import open_engine
from darknet_py.engines.table import EngineConfig
from darknet_py.layers.base import Layer
from darknet_py.layers.dense import Connected
from darknet_py.layers.normalize import Batchnorm
from darknet_py.layers.pointwise import Activation, Dropout, Empty, Logistic
from darknet_py.layers.recurrent import Gru, Lstm, Rnn
from darknet_py.layers.scores import Cost, Softmax
from darknet_py.network.graph import Graph
from darknet_py.network.network import Network

MOST_PROGRAMS = 8
"""Sets of inner layers whose programs are kept."""
MAKES_ROWS: tuple[type[Layer], ...] = (Connected, Rnn, Gru, Lstm)
"""Kinds whose output OpenCV holds as (N, C), without height and width."""
KEEPS_ROWS: tuple[type[Layer], ...] = (
    Activation,
    Batchnorm,
    Cost,
    Dropout,
    Empty,
    Logistic,
    Softmax,
)
"""Kinds whose output is as their input is."""
HANDS_ON: tuple[type[Layer], ...] = (Cost, Dropout, Empty)
"""Kinds that OpenCV's net passes over; a [cost] without truth would give zeros, as in Darknet."""

Floats = NDArray[np.float32]


class SizedNetwork:
    """The engine, and what is made beside it for names that it does not answer."""

    def __init__(self, network: Network, config: EngineConfig) -> None:
        """network: for blobs of this size. Raises DarknetError as `open_engine` does."""
        self.network = network
        self.engine = open_engine(network, config, shared=True)
        graph = network.graph
        self._rows_only = _rows_only(graph)
        self._heads = {i: HeadRows(graph, i) for i in graph.heads if graph.nodes[i].layer.HEAD}
        self._programs = OrderedDict[frozenset[Target], InnerProgram]()

    def __call__(
        self, x: Tensor, wanted: Sequence[NamedLayer], nms: Mapping[int, float]
    ) -> list[Floats]:
        """Arrays of their own, one for each of the layers wanted.

        x: (N, C, H, W) float32. nms: of the heads, by section. Raises DarknetError for an input of
        another shape.
        """
        x = self.network.checked(x)
        targets = [_passed_on(self.network.graph, layer) for layer in wanted]
        values = self._values(x, targets)
        pairs = zip(wanted, targets, strict=True)
        return [self._presented(layer, values[target], nms) for layer, target in pairs]

    def _values(self, x: Tensor, targets: Sequence[Target]) -> Mapping[Target, Tensor]:
        """By the engine where exactly its heads are wanted, otherwise by a program for them."""
        heads = [Target(index, Stage.OUTPUT) for index in self.network.graph.heads]
        if set(targets) == set(heads):
            return dict(zip(heads, self.engine(x), strict=True))
        like = next(self.engine.network.parameters(), x)
        return self._program(frozenset(targets))(x.to(like.device, like.dtype))

    def _program(self, targets: frozenset[Target]) -> InnerProgram:
        program = self._programs.pop(targets, None)
        if program is None:
            program = InnerProgram(self.network, self.engine.network, targets)
        self._programs[targets] = program
        if len(self._programs) > MOST_PROGRAMS:
            self._programs.popitem(last=False)
        return program

    def _presented(self, layer: NamedLayer, value: Tensor, nms: Mapping[int, float]) -> Floats:
        if layer.stage is Stage.OUTPUT and layer.node in self._heads:
            return self._heads[layer.node](value.cpu(), nms.get(layer.node, 0.0))
        array = np.array(value.detach().to("cpu", torch.float32).numpy(), order="C")
        return array.reshape(len(array), -1) if layer.node in self._rows_only else array


def _passed_on(graph: Graph, layer: NamedLayer) -> Target:
    """What a layer gives, taken where it is made: OpenCV's [cost] and [dropout] hand it on."""
    index = layer.node
    if layer.stage is Stage.OUTPUT:
        while isinstance(graph.nodes[index].layer, HANDS_ON) and index > 0:
            index = graph.nodes[index].inputs[0]
    return Target(index, layer.stage)


def _rows_only(graph: Graph) -> frozenset[int]:
    found = set[int]()
    for node in graph.nodes:
        follows = isinstance(node.layer, KEEPS_ROWS) and node.inputs[0] in found
        if follows or isinstance(node.layer, MAKES_ROWS):
            found.add(node.index)
    return frozenset(found)
