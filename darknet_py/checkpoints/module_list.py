"""Checkpoints of programs that build their network from the cfg: ultralytics' archived yolov3,
PyTorch_YOLOv4, PyTorch-YOLOv3 (pytorchyolo).

Their modules are numbered as the cfg's layers are: module_list.12.Conv2d.weight.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from darknet_py.checkpoints.cfg_values import CfgValues, head_nodes
from darknet_py.checkpoints.conv_tensors import shape_of
from darknet_py.checkpoints.module_forms import Arithmetic, Value
from darknet_py.checkpoints.module_tree import ModuleTree
from darknet_py.checkpoints.weight_match import WeightMatch, require_shape, shape_in_cfg
from darknet_py.errors import WeightsError
from darknet_py.layers.base import INPUT, Node
from darknet_py.layers.pooling import Maxpool
from darknet_py.network.graph import Graph

ROOT = "module_list"
EPSILON = 1e-4
"""Of ultralytics' and PyTorch_YOLOv4's batch normalisation."""
PYTORCHYOLO, PYTORCHYOLO_EPSILON = "batch_norm_", 1e-5
"""What pytorchyolo's batch normalisation is called, and its epsilon."""


OTHERWISE = "its layers are numbered otherwise: its convolutions are taken in their order"
PADDED = (
    "these programs pad with 0 where max pooling has size=2 and stride=1, which Darknet does "
    "not: at the right and lower edges they compute something else"
)


def match_module_list(root: ModuleTree, graph: Graph) -> WeightMatch:
    """Raises WeightsError, which says what differs first."""
    modules = root[ROOT].children
    names = [name for module in modules.values() for name in module.children]
    theirs = any(name.startswith(PYTORCHYOLO) for name in names)
    in_order = _in_order(modules, graph)
    trees = dict(_numbered(modules, graph)) if in_order is None else in_order
    notes = [OTHERWISE] if in_order is not None else []
    notes += [PADDED] if any(map(_pads, graph.nodes)) else []
    epsilon = PYTORCHYOLO_EPSILON if theirs else EPSILON
    return WeightMatch(graph, trees, _CfgProgram(graph, trees).run, epsilon, notes=tuple(notes))


def _pads(node: Node) -> bool:
    layer: Any = node.layer
    return isinstance(layer, Maxpool) and layer.size == 2 and layer.stride == 1


def _in_order(modules: dict[str, ModuleTree], graph: Graph) -> dict[int, ModuleTree] | None:
    """The convolutions of a file whose numbers are not the cfg's, if they fit one after the other.

    PyTorch_YOLOv4's cfg files have the branches of all heads at their end.
    """
    every = [modules[name] for name in sorted(modules, key=_number)]
    found = [_as_conv(module) for module in every if _convolution(module)]
    shapes = [shape_of(tree) for tree in found]
    nodes = [node for node in graph.nodes if shape_in_cfg(node)]
    numbers = [_number(tree.path.rpartition(".")[2]) for tree in found]
    if numbers == [node.index for node in nodes]:
        return None
    branches = _branches(graph)
    for order in (nodes, sorted(nodes, key=lambda node: node.index in branches)):
        if shapes == [shape_in_cfg(node) for node in order]:
            return {node.index: tree for node, tree in zip(order, found, strict=True)}
    return None


def _branches(graph: Graph) -> set[int]:
    """The convolutions above the heads, with those that nothing else reads."""
    heads = head_nodes(graph)
    readers = Counter(source for node in graph.nodes for source in node.inputs)
    above = {node.inputs[0] for node in heads if readers[node.inputs[0]] == 1}
    return {node.index for node in heads} | above


def _number(name: str) -> int:
    return int(name) if name.isdigit() else -1


def _numbered(modules: dict[str, ModuleTree], graph: Graph) -> Iterator[tuple[int, ModuleTree]]:
    for name, module in modules.items():
        if not _convolution(module):
            continue
        if not 0 <= _number(name) < len(graph.nodes):
            raise WeightsError(f"has {module.path}, the cfg has {len(graph.nodes)} layers")
        node = graph.nodes[int(name)]
        tree = _as_conv(module)
        require_shape(tree, node)
        yield node.index, tree


def _convolution(module: ModuleTree) -> ModuleTree | None:
    parts = module.children.values()
    four = (part for part in parts if getattr(part.tensors.get("weight"), "ndim", 0) == 4)
    return next(four, None)


def _as_conv(module: ModuleTree) -> ModuleTree:
    """The same with the names of the other programs: conv and bn."""
    conv = _convolution(module)
    norms = [part for part in module.children.values() if "running_mean" in part.tensors]
    assert conv is not None, module.path
    parts = {"conv": conv, **({"bn": norms[0]} if norms else {})}
    return ModuleTree(module.path, module.kind, module.tensors, parts, module.attributes)


class _CfgProgram:
    """The cfg's own way through its layers."""

    def __init__(self, graph: Graph, trees: dict[int, ModuleTree]) -> None:
        self.graph, self.trees = graph, trees

    def run(self, math: Arithmetic, image: Value) -> dict[int, Value]:
        values = CfgValues(self.graph, math, False, {INPUT: image})
        for index in sorted(self.trees):
            (source,) = self.graph.nodes[index].inputs
            values.values[index] = math.conv(self.trees[index], values[source])
        return {node.index: values[node.index] for node in head_nodes(self.graph)}
