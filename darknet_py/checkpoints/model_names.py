"""The names that WongKinYiu's yolov7 gives the convolutions of a cfg.

Its modules are numbered in the order of the cfg: one for each convolution, for each joining route,
pooling and upsampling layer, one for the whole of a pyramid (SPPCSPC), and the heads at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from darknet_py.checkpoints.cfg_values import (
    CfgValues,
    convolutional_nodes,
    described,
    head_nodes,
)
from darknet_py.checkpoints.channel_labels import (
    IMAGE,
    LabelArithmetic,
    Labels,
    labels_of,
    order_of,
)
from darknet_py.checkpoints.module_forms import FORMS, run_module
from darknet_py.checkpoints.module_tree import ModuleTree
from darknet_py.errors import WeightsError
from darknet_py.layers.base import INPUT, Node
from darknet_py.layers.convolution import Convolutional
from darknet_py.layers.head import Head
from darknet_py.layers.joins import Route
from darknet_py.layers.pooling import Maxpool
from darknet_py.layers.resample import Upsample
from darknet_py.network.graph import Graph

PYRAMID = next(form for form in FORMS if form.name == "SPPCSPC")
PYRAMID_SIZES = dict.fromkeys(PYRAMID.order, 1) | {"cv3": 3, "cv6": 3}
REPEATED = {"swish": "RepConv", "silu": "RepConv", "leaky": "Conv"}
"""Activation of the whole network -> the class of the convolution in front of a head's own: the
networks with SiLU are re-parameterised there, yolov7-tiny is not."""


@dataclass(frozen=True)
class ConvPlace:
    """Where a layer is in such a model. order: of its inputs, as `order_of` gives it."""

    index: int
    path: str
    kind: str
    order: Tensor | None = None

    def in_model_order(self, kernel: Tensor) -> Tensor:
        """The kernel with its input channels as the model joins them."""
        if self.order is None:
            return kernel
        made = torch.empty_like(kernel)
        made[:, self.order] = kernel
        return made


def model_places(graph: Graph) -> list[ConvPlace]:
    """Raises WeightsError where a network is none of yolov7's kind."""
    return list(_Namer(graph).places())


class _Namer(LabelArithmetic):
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes = convolutional_nodes(graph)
        made = {node.index: labels_of(node.index, node.out.c) for node in self.nodes}
        made[INPUT] = labels_of(IMAGE, graph.net.channels)
        self.cfg = CfgValues(graph, self, False, made)
        self.model = CfgValues(graph, self, True, dict(made))
        self.assigned: dict[str, Node] = {}

    def places(self) -> Iterator[ConvPlace]:
        activation = self._activation()
        heads = head_nodes(self.graph)
        above = {head.inputs[0] for head in heads}
        number, done = 0, -1
        for node in self.graph.nodes:
            if node.index <= done or node in heads or isinstance(node.layer, Head):
                continue
            pyramid = self._pyramid(node, f"model.{number}")
            if pyramid:
                yield from pyramid
                done = pyramid[-1].index
            elif isinstance(node.layer, Convolutional):
                kind = REPEATED[activation] if self._repeated(node, above) else "Conv"
                yield self._place(node, f"model.{number}", kind)
            elif not self._counts(node):
                continue
            number += 1
        ordered = sorted(heads, key=lambda node: -node.out.w)
        for place, node in enumerate(ordered):
            yield self._place(node, f"model.{number}.m.{place}", "Detect")

    def _repeated(self, node: Node, above: set[int]) -> bool:
        layer: Any = node.layer
        return node.index in above and layer.size == 3 and layer.strides == (1, 1)

    def _activation(self) -> str:
        """The one of all its convolutions."""
        words = {getattr(node.layer, "activation", "") for node in self.nodes}
        heads = [node.layer for node in self.graph.nodes if isinstance(node.layer, Head)]
        if not heads or not all(getattr(head, "new_coords", 0) for head in heads):
            raise self._refusal("its heads are not decoded as yolov7's (new_coords=1)")
        plain = all(getattr(node.layer, "normalized", False) for node in self.nodes)
        if len(words) != 1 or not words <= REPEATED.keys() or not plain:
            raise self._refusal(
                f"its convolutions are not all of one kind: {', '.join(sorted(words))}"
            )
        return words.pop()

    def _refusal(self, message: str) -> WeightsError:
        cure = "use --form darknet-cfg"
        return WeightsError(f"{self.graph.path}: is no network of yolov7's kind: {message}; {cure}")

    def _counts(self, node: Node) -> bool:
        """Whether a layer without tensors is a module."""
        if isinstance(node.layer, Route):
            return len(node.inputs) > 1
        if not isinstance(node.layer, (Maxpool, Upsample)):
            raise self._refusal(f"{described(node)} is in none")
        return True

    def _place(self, node: Node, path: str, kind: str) -> ConvPlace:
        (source,) = node.inputs
        return ConvPlace(node.index, path, kind, order_of(self.model[source], self.cfg[source]))

    def _pyramid(self, node: Node, path: str) -> Sequence[ConvPlace]:
        """The convolutions of an SPPCSPC that begins at this layer; none where none does."""
        if not isinstance(node.layer, Convolutional) or node not in self.nodes:
            return ()
        start = self.nodes.index(node)
        nodes = self.nodes[start : start + len(PYRAMID.order)]
        sizes = [getattr(found.layer, "size", 0) for found in nodes]
        if sizes != [PYRAMID_SIZES[name] for name in PYRAMID.order]:
            return ()
        parts = {
            name: ModuleTree(f"{path}.{name}", tensors={"weight": torch.empty(1, 1, 1, 1)})
            for name in sorted(PYRAMID.order)
        }
        self.assigned = {
            f"{path}.{n}": found for n, found in zip(PYRAMID.order, nodes, strict=True)
        }
        self.found: list[ConvPlace] = []
        try:
            run_module(self, ModuleTree(path, children=parts), self.model[node.inputs[0]])
        except ValueError:
            return ()
        return sorted(self.found, key=lambda place: place.index)

    def conv(self, tree: ModuleTree, x: Labels) -> Labels:
        node = self.assigned[tree.path]
        order = order_of(x, self.cfg[node.inputs[0]])
        self.found.append(ConvPlace(node.index, tree.path, "Conv", order))
        return labels_of(node.index, node.out.c)


def anchors_of(graph: Graph) -> dict[str, Tensor]:
    """The anchors of the heads, in cells and in pixels, as the model keeps them."""
    places = [place for place in model_places(graph) if place.kind == "Detect"]
    head = places[0].path.partition(".m.")[0]
    heads: dict[int, Any] = {
        node.inputs[0]: node.layer for node in graph.nodes if isinstance(node.layer, Head)
    }
    sizes = torch.stack([torch.tensor(heads[place.index].sizes) for place in places]).float()
    strides = torch.tensor([graph.net.width / graph.nodes[place.index].out.w for place in places])
    return {
        f"{head}.anchors": sizes / strides[:, None, None],
        f"{head}.anchor_grid": sizes[:, None, :, None, None, :].clone(),
    }
