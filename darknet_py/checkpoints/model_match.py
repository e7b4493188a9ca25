"""Which convolution of a model of yolov7's kind is which layer of a cfg.

Both list them in the same order; shapes, strides, activations and what each one reads are compared,
so that a file of another network is refused, with the first difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

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
from darknet_py.checkpoints.conv_tensors import shape_of
from darknet_py.checkpoints.model_program import ModelProgram, head_part
from darknet_py.checkpoints.module_forms import convolutions
from darknet_py.checkpoints.module_tree import ModuleTree
from darknet_py.checkpoints.weight_match import WeightMatch, require_shape, shape_in_cfg, words
from darknet_py.errors import WeightsError
from darknet_py.layers.base import INPUT, Node
from darknet_py.layers.head import Head
from darknet_py.layers.shortcut import Shortcut
from darknet_py.network.graph import Graph

EPSILON = 1e-3
"""Of batch normalisation in all models of this kind, where the file holds tensors only."""
ACTIVATIONS = {"SiLU": "swish", "LeakyReLU": "leaky", "Mish": "mish", "MishCuda": "mish"}
"""Class of an activation -> the cfg's word."""
IMPLICIT = frozenset({"ia", "im"})
"""What a head adds to its inputs and multiplies its outputs by."""
SAME_WORDS = {"silu": "swish"}
TENSORS_ALONE = "tensors alone: joined layers are taken newest first, as in these programs' models"


def match_model(root: ModuleTree, graph: Graph) -> WeightMatch:
    """root: of a tree whose child `model` has the numbered modules. Raises WeightsError, which
    says what differs first."""
    listed = root["model"].children
    every = [listed[name] for name in sorted(listed, key=_number)]
    weighted = [module for module in every if module.has_tensors]
    if not weighted or not is_head(weighted[-1]):
        raise WeightsError("its last module is no detection head of m.0, m.1 ...")
    head = weighted[-1]
    modules = every[: every.index(head)] if head.whole else weighted[:-1]
    head, unused = _without_folded(head, modules)
    trees = dict(_pairs(modules, head, graph))
    program = ModelProgram(
        graph, modules, head, {tree.path: index for index, tree in trees.items()}
    )
    labelling = _Labelling(graph, program.nodes)
    program.run(labelling, labels_of(IMAGE, graph.net.channels))
    notes = (
        *(() if program.whole else (TENSORS_ALONE,)),
        *_anchor_notes(head, graph, program.nodes),
    )
    run, orders, adds = program.run, labelling.orders, labelling.known
    return WeightMatch(graph, trees, run, EPSILON, orders, adds, notes, unused=unused)


def _without_folded(
    head: ModuleTree, modules: Sequence[ModuleTree]
) -> tuple[ModuleTree, frozenset[str]]:
    """The head, and what of it has no effect: a model made for use (`fuse`) keeps the vectors that
    it has folded into its heads, as it has batch normalisation into its other convolutions."""
    names = [name for module in modules for name, _ in module.walk()]
    if any(name.endswith("running_var") for name in names):
        return head, frozenset()
    used = {name: child for name, child in head.children.items() if name not in IMPLICIT}
    unused = (name for part in IMPLICIT & head.weighted for name, _ in head[part].walk())
    return replace(head, children=used), frozenset(unused)


def _anchor_notes(head: ModuleTree, graph: Graph, nodes: Mapping[str, int]) -> Iterator[str]:
    """Anchors of the file's heads, in pixels, that are not the cfg's: boxes have other sizes."""
    grid = head.tensors.get("anchor_grid")
    parts = len(head["m"].children)
    if grid is None or len(grid) != parts:
        return
    heads: dict[int, Any] = {
        node.inputs[0]: node.layer for node in graph.nodes if isinstance(node.layer, Head)
    }
    for number in range(parts):
        layer = heads[nodes[head_part(head, number).path]]
        there = grid[number].float().reshape(-1).tolist()
        told = [side for size in layer.sizes for side in size]
        if not np.allclose(there[: len(told)], told, rtol=1e-2) or len(there) != len(told):
            found, wanted = (", ".join(f"{side:g}" for side in one) for one in (there, told))
            yield f"{head.path}.m.{number} has anchors {found}, the cfg {wanted}: sizes will differ"


def is_head(tree: ModuleTree) -> bool:
    """Detect, or IDetect with what it adds and multiplies."""
    return "m" in tree.weighted and tree.weighted <= {"m"} | IMPLICIT and "anchors" in tree.tensors


def _number(name: str) -> int:
    return int(name) if name.isdigit() else -1


def _pairs(
    modules: Sequence[ModuleTree], head: ModuleTree, graph: Graph
) -> Iterator[tuple[int, ModuleTree]]:
    found = [tree for module in modules if module.has_tensors for tree in convolutions(module)]
    nodes = convolutional_nodes(graph)
    for tree, node in zip(found, nodes, strict=False):
        _require_same(tree, node)
        yield node.index, tree
    if len(found) > len(nodes):
        raise WeightsError(f"has {found[len(nodes)].path}, which the cfg has not")
    if len(found) < len(nodes):
        raise WeightsError(f"has nothing for {described(nodes[len(found)])}")
    yield from _head_pairs(head, graph)


def _head_pairs(head: ModuleTree, graph: Graph) -> Iterator[tuple[int, ModuleTree]]:
    """The heads are told apart by the channels they read: models list them from fine to coarse."""
    left = head_nodes(graph)
    for number in range(len(head["m"].children)):
        tree = head_part(head, number)
        fits = [node for node in left if shape_in_cfg(node) == shape_of(tree)]
        if not fits:
            shape = words(shape_of(tree))
            wanted = ", ".join(f"{described(node)} {words(shape_in_cfg(node))}" for node in left)
            raise WeightsError(
                f"{tree.path} is {shape}, the cfg's heads read from {wanted or 'no more'}"
            )
        left.remove(fits[0])
        yield fits[0].index, tree
    if left:
        raise WeightsError(f"has nothing for {described(left[0])}, above a head")


def _require_same(tree: ModuleTree, node: Node) -> None:
    require_shape(tree, node)
    layer: Any = node.layer
    conv = next((tree[name] for name in ("conv", "rbr_reparam") if name in tree.children), tree)
    stride = conv.attributes.get("stride", layer.strides)
    if tuple(stride) != layer.strides:
        raise WeightsError(f"{conv.path} has stride {stride[0]}, {described(node)} {layer.stride}")
    _require_activation(tree, node)


def _require_activation(tree: ModuleTree, node: Node) -> None:
    layer: Any = node.layer
    own = tree.children.get("act")
    word = ACTIVATIONS.get(own.kind) if own is not None else None
    told = SAME_WORDS.get(layer.activation, layer.activation)
    if word is not None and word != told:
        message = f"{tree.path} has {word} behind it, {described(node)} activation={told}"
        raise WeightsError(f"{message}; a cfg of this network says activation={word}")


@dataclass
class _Labelling(LabelArithmetic):
    """Compares what each convolution reads, and keeps the orders."""

    graph: Graph
    nodes: Mapping[str, int]
    orders: dict[int, torch.Tensor | None] = field(default_factory=dict)
    known: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        made = {
            node.index: labels_of(node.index, node.out.c)
            for node in convolutional_nodes(self.graph)
        }
        made[INPUT] = labels_of(IMAGE, self.graph.net.channels)
        self.cfg = CfgValues(self.graph, self, False, made)

    def conv(self, tree: ModuleTree, x: Labels) -> Labels:
        node = self.graph.nodes[self.nodes[tree.path]]
        layer: Any = node.layer
        try:
            order = order_of(x, self.cfg[node.inputs[0]])
        except ValueError:
            message = f"{tree.path} reads other channels than {described(node)}"
            raise WeightsError(f"{message}; the two networks are joined otherwise") from None
        if order is not None and layer.split != 1:
            raise WeightsError(f"{tree.path} is grouped, and reads channels in another order")
        self.orders[node.index] = order
        return labels_of(node.index, node.out.c)

    def adds(self, tree: ModuleTree) -> bool:
        """As the file says; else as the cfg: whether a shortcut reads the last convolution."""
        last = self.nodes[tree["cv2"].path]
        by_cfg = any(
            last in node.inputs for node in self.graph.nodes if isinstance(node.layer, Shortcut)
        )
        return self.known.setdefault(tree.path, bool(tree.attributes.get("add", by_cfg)))
