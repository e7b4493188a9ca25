"""Checkpoints of programs that build their network from the cfg: ultralytics' archived yolov3,
PyTorch_YOLOv4, PyTorch-YOLOv3 (pytorchyolo).

Their modules are numbered as the cfg's layers are: module_list.12.Conv2d.weight.
"""

from __future__ import annotations

from collections.abc import Iterator

from darknet_py.checkpoints.cfg_values import CfgValues, described, head_nodes
from darknet_py.checkpoints.module_forms import Arithmetic, Value
from darknet_py.checkpoints.module_tree import ModuleTree
from darknet_py.checkpoints.weight_match import WeightMatch, require_shape
from darknet_py.errors import WeightsError
from darknet_py.layers.base import INPUT
from darknet_py.network.graph import Graph

ROOT = "module_list"
EPSILON = 1e-4
"""Of ultralytics' and PyTorch_YOLOv4's batch normalisation."""
PYTORCHYOLO, PYTORCHYOLO_EPSILON = "batch_norm_", 1e-5
"""What pytorchyolo's batch normalisation is called, and its epsilon."""


def match_module_list(root: ModuleTree, graph: Graph) -> WeightMatch:
    """Raises WeightsError, which says what differs first."""
    modules = root[ROOT].children
    names = [name for module in modules.values() for name in module.children]
    theirs = any(name.startswith(PYTORCHYOLO) for name in names)
    trees = dict(_trees(modules, graph))
    run = _CfgProgram(graph, trees).run
    return WeightMatch(graph, trees, run, PYTORCHYOLO_EPSILON if theirs else EPSILON)


def _trees(modules: dict[str, ModuleTree], graph: Graph) -> Iterator[tuple[int, ModuleTree]]:
    for name, module in modules.items():
        if not _convolution(module):
            continue
        if not name.isdigit() or int(name) >= len(graph.nodes):
            raise WeightsError(f"has {module.path}, the cfg has {len(graph.nodes)} layers")
        node = graph.nodes[int(name)]
        tree = _as_conv(module)
        require_shape(tree, node)
        yield node.index, tree
    for node in graph.nodes:
        found = modules.get(str(node.index))
        if graph.stored(node.index) and (found is None or not _convolution(found)):
            raise WeightsError(f"has nothing for {described(node)}")


def _convolution(module: ModuleTree) -> ModuleTree | None:
    parts = module.children.values()
    four = (part for part in parts if getattr(part.tensors.get("weight"), "ndim", 0) == 4)
    return next(four, None)


def _as_conv(module: ModuleTree) -> ModuleTree:
    """The same with the names of the other programs: conv and bn."""
    conv = _convolution(module)
    norms = [part for part in module.children.values() if "running_mean" in part.tensors]
    assert conv is not None
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
