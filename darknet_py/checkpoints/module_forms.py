"""How the modules of those programs compute: one function each, in the table FORMS.

They compute with whatever `Arithmetic` they are given: tensors, or labels of channels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from darknet_py.checkpoints.conv_tensors import is_convolution, shape_of
from darknet_py.checkpoints.module_tree import ModuleTree
from darknet_py.errors import WeightsError

PYRAMID = (5, 9, 13)
"""Windows of spatial pyramid pooling in all these programs."""
Value = Any


class Arithmetic(Protocol):
    """What a module is made of."""

    def conv(self, tree: ModuleTree, x: Value) -> Value: ...

    def concat(self, values: Sequence[Value]) -> Value: ...

    def add(self, one: Value, other: Value) -> Value: ...

    def part(self, x: Value, number: int, of: int) -> Value: ...

    def pool(self, x: Value, size: int, stride: int) -> Value: ...

    def upsample(self, x: Value) -> Value: ...

    def adds(self, tree: ModuleTree) -> bool:
        """Whether a Bottleneck adds its input, which tensors do not show."""
        ...


Forward = Callable[[Arithmetic, ModuleTree, Value], Value]


@dataclass(frozen=True)
class ModuleForm:
    """A class of modules. children: those with tensors, by which it is known. order: of them in a
    cfg file. fits: of two classes with the same children, whether it is this one."""

    name: str
    children: frozenset[str]
    order: tuple[str, ...]
    forward: Forward
    fits: Callable[[ModuleTree], bool] = lambda tree: True


def run_module(math: Arithmetic, tree: ModuleTree, x: Value) -> Value:
    """The output of a module with tensors; raises WeightsError for one of no known class."""
    if is_convolution(tree):
        return math.conv(tree, x)
    if is_sequence(tree):
        for child in tree.children.values():
            x = run_module(math, child, x) if child.has_tensors else x
        return x
    return form_of(tree).forward(math, tree, x)


def is_sequence(tree: ModuleTree) -> bool:
    return bool(tree.children) and all(name.isdigit() for name in tree.children)


def convolutions(tree: ModuleTree) -> Iterator[ModuleTree]:
    """Those of a module in the order of a cfg file; raises WeightsError."""
    if is_convolution(tree):
        yield tree
        return
    order = sorted(tree.children, key=int) if is_sequence(tree) else form_of(tree).order
    for name in order:
        if tree[name].has_tensors:
            yield from convolutions(tree[name])


def form_of(tree: ModuleTree) -> ModuleForm:
    """Raises WeightsError for a module of no known class."""
    for form in FORMS:
        if tree.weighted == form.children and form.fits(tree):
            return form
    parts = ", ".join(sorted(tree.weighted)) or ", ".join(tree.tensors)
    known = ", ".join(form.name for form in FORMS)
    what = f"{tree.path} {tree.kind}".strip()
    if "bn" in tree.weighted:
        reason = "it normalises what is activated already, as no cfg of its network does"
        raise WeightsError(f"{what} has a bn beside {parts}: {reason}")
    raise WeightsError(f"{what} is made of {parts}; known are {known}")


def _bottleneck(math: Arithmetic, tree: ModuleTree, x: Value) -> Value:
    y = math.conv(tree["cv2"], math.conv(tree["cv1"], x))
    return math.add(x, y) if math.adds(tree) else y


def _pyramid(math: Arithmetic, x: Value) -> Value:
    return math.concat([x, *(math.pool(x, size, 1) for size in PYRAMID)])


def _spp(math: Arithmetic, tree: ModuleTree, x: Value) -> Value:
    return math.conv(tree["cv2"], _pyramid(math, math.conv(tree["cv1"], x)))


def _sppcspc(math: Arithmetic, tree: ModuleTree, x: Value) -> Value:
    y = math.conv(tree["cv1"], x)
    y = math.conv(tree["cv4"], math.conv(tree["cv3"], y))
    y = math.conv(tree["cv6"], math.conv(tree["cv5"], _pyramid(math, y)))
    return math.conv(tree["cv7"], math.concat([y, math.conv(tree["cv2"], x)]))


def _csp_a(math: Arithmetic, tree: ModuleTree, x: Value) -> Value:
    y = run_module(math, tree["m"], math.conv(tree["cv1"], x))
    return math.conv(tree["cv3"], math.concat([y, math.conv(tree["cv2"], x)]))


def _csp_b(math: Arithmetic, tree: ModuleTree, x: Value) -> Value:
    x = math.conv(tree["cv1"], x)
    y = run_module(math, tree["m"], x)
    return math.conv(tree["cv3"], math.concat([y, math.conv(tree["cv2"], x)]))


def _csp_c(math: Arithmetic, tree: ModuleTree, x: Value) -> Value:
    y = math.conv(tree["cv3"], run_module(math, tree["m"], math.conv(tree["cv1"], x)))
    return math.conv(tree["cv4"], math.concat([y, math.conv(tree["cv2"], x)]))


def _same(one: str, other: str) -> Callable[[ModuleTree], bool]:
    """Whether what one convolution puts out is as much as another reads or puts out."""

    def fits(tree: ModuleTree) -> bool:
        (first, axis), (second, other_axis) = (name.split(".") for name in (one, other))
        sides = {"out": 0, "in": 1}
        return shape_of(tree[first])[sides[axis]] == shape_of(tree[second])[sides[other_axis]]

    return fits


def _form(
    name: str, order: str, forward: Forward, *fits: Callable[[ModuleTree], bool]
) -> ModuleForm:
    words = tuple(order.split())
    return ModuleForm(name, frozenset(words), words, forward, *fits)


FORMS = (
    _form("Bottleneck", "cv1 cv2", _bottleneck, _same("cv1.out", "cv2.in")),
    _form("SPP", "cv1 cv2", _spp),
    _form("SPPCSPC", "cv2 cv1 cv3 cv4 cv5 cv6 cv7", _sppcspc),
    _form("BottleneckCSPB", "cv1 cv2 m cv3", _csp_b, _same("cv3.out", "cv1.out")),
    _form("BottleneckCSPA", "cv2 cv1 m cv3", _csp_a),
    _form("BottleneckCSPC", "cv2 cv1 m cv3 cv4", _csp_c),
)
"""To add a class, add a row."""
