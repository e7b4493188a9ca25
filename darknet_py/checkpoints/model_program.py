"""The forward pass of a model of yolov7's kind, in any arithmetic.

A pickled model says which modules each one reads. A state dict does not: there the modules stand
where the cfg's layers stand, and what is joined is joined newest first, as every model file of
these programs has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from darknet_py.checkpoints.cfg_values import CfgValues
from darknet_py.checkpoints.module_forms import Arithmetic, Value, convolutions, run_module
from darknet_py.checkpoints.module_tree import ModuleTree
from darknet_py.errors import WeightsError
from darknet_py.layers.base import INPUT
from darknet_py.network.graph import Graph


@dataclass(frozen=True)
class ModelProgram:
    """modules: of the model in order, without the head. nodes: path of a convolution -> its layer
    in the cfg. head: the last module; its convolutions have paths like model.77.m.0."""

    graph: Graph
    modules: Sequence[ModuleTree]
    head: ModuleTree
    nodes: Mapping[str, int]

    @property
    def whole(self) -> bool:
        """Whether the file itself says how the modules are joined."""
        return self.head.whole and "f" in self.head.attributes

    def run(self, math: Arithmetic, image: Value) -> dict[int, Value]:
        """Outputs of the head's convolutions, by their layers in the cfg. Raises WeightsError."""
        inputs = self._whole(math, image) if self.whole else self._assumed(math, image)
        outputs = dict[int, Value]()
        for number, x in enumerate(inputs):
            conv = head_part(self.head, number)
            outputs[self.nodes[conv.path]] = math.conv(conv, x)
        return outputs

    def _whole(self, math: Arithmetic, image: Value) -> list[Value]:
        made: list[Value] = []
        for module in self.modules:
            inputs = self._sources(module, made, image)
            if module.has_tensors:
                made.append(run_module(math, module, inputs[0]))
            else:
                made.append(_bare(math, module, inputs))
        return self._sources(self.head, made, image)

    def _sources(self, module: ModuleTree, made: list[Value], image: Value) -> list[Value]:
        """What a module reads: numbers of modules, those below 0 counted back from itself."""
        given = module.attributes.get("f", -1)
        values = list[Value]()
        for number in given if isinstance(given, (list, tuple)) else [given]:
            place = number + len(made) if isinstance(number, int) and number < 0 else number
            if place == -1:
                values.append(image)
            elif isinstance(place, int) and 0 <= place < len(made):
                values.append(made[place])
            else:
                raise WeightsError(f"{module.path} reads module {number!r}, which is not there")
        return values

    def _assumed(self, math: Arithmetic, image: Value) -> list[Value]:
        recorder = _Recorder(math, self.nodes)
        values = CfgValues(self.graph, math, True, recorder.values)
        values.values[INPUT] = image
        for module in self.modules:
            first = next(convolutions(module))
            run_module(recorder, module, values[self._read(first.path)])
        paths = (
            head_part(self.head, number).path for number in range(len(self.head["m"].children))
        )
        return [values[self._read(path)] for path in paths]

    def _read(self, path: str) -> int:
        return self.graph.nodes[self.nodes[path]].inputs[0]


def head_part(head: ModuleTree, number: int) -> ModuleTree:
    """A convolution of the head with what is added to its input and multiplied with its output."""
    parts: dict[str, ModuleTree] = {
        name: head[name][str(number)]
        for name in ("ia", "im")
        if name in head.weighted and str(number) in head[name].children
    }
    conv = head["m"][str(number)]
    return ModuleTree(conv.path, conv.kind, conv.tensors, parts, conv.attributes)


@dataclass
class _Recorder:
    """Keeps the outputs of convolutions by their layers."""

    math: Any
    nodes: Mapping[str, int]

    def __post_init__(self) -> None:
        self.values: dict[int, Value] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.math, name)

    def conv(self, tree: ModuleTree, x: Value) -> Value:
        self.values[self.nodes[tree.path]] = made = self.math.conv(tree, x)
        return made


def _bare(math: Arithmetic, module: ModuleTree, inputs: list[Value]) -> Value:
    compute = BARE.get(module.kind)
    if compute is None:
        raise WeightsError(f"{module.path} is a {module.kind}; known are {', '.join(BARE)}")
    return compute(math, module, inputs)


def _pool(math: Arithmetic, module: ModuleTree, inputs: list[Value]) -> Value:
    """MP, SP (which have a MaxPool2d in them), or MaxPool2d itself."""
    own = module.children.get("m", module).attributes
    size = own.get("kernel_size")
    if not isinstance(size, int):
        raise WeightsError(f"{module.path} pools windows of {size!r}, expected a number")
    return math.pool(inputs[0], size, own.get("stride", size))


BARE: Mapping[str, Callable[[Arithmetic, ModuleTree, list[Value]], Value]] = {
    "Concat": lambda math, module, inputs: math.concat(inputs),
    "Shortcut": lambda math, module, inputs: math.add(*inputs),
    "Upsample": lambda math, module, inputs: math.upsample(inputs[0]),
    "MP": _pool,
    "SP": _pool,
    "MaxPool2d": _pool,
    "Identity": lambda math, module, inputs: inputs[0],
}
"""Modules without tensors. To add one, add a row."""
