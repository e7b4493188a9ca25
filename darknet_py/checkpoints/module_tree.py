"""A network of PyTorch's as a tree of modules with their tensors, whatever file it came from."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from darknet_py.checkpoints.pickled import StandIn
from darknet_py.errors import WeightsError

DEPTH = 12
"""Of modules in modules; published networks have 5."""
MOST_MODULES = 50_000
"""Of a pickled model; the largest published one has 3,000."""


@dataclass(frozen=True)
class ModuleTree:
    """A module. path: its name in the whole, such as model.51.cv1. kind: its class's name, "" in a
    file of tensors only. attributes: of its object, none in such a file."""

    path: str
    kind: str = ""
    tensors: dict[str, Tensor] = field(default_factory=dict)
    children: dict[str, ModuleTree] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> ModuleTree:
        return self.children[name]

    @property
    def weighted(self) -> frozenset[str]:
        """The children below which there are tensors."""
        return frozenset(name for name, child in self.children.items() if child.has_tensors)

    @property
    def has_tensors(self) -> bool:
        return any(True for _ in self.walk())

    @property
    def whole(self) -> bool:
        """Whether the file says how the modules are joined."""
        return bool(self.kind)

    def walk(self) -> Iterator[tuple[str, Tensor]]:
        """(name, tensor) of all below it."""
        for name, tensor in self.tensors.items():
            yield f"{self.path}.{name}".lstrip("."), tensor
        for child in self.children.values():
            yield from child.walk()


def tree_of_tensors(tensors: Mapping[str, Tensor]) -> ModuleTree:
    """The tree that the names of a state dict describe."""
    root = ModuleTree("")
    for name, tensor in tensors.items():
        *parts, last = name.split(".")
        node = root
        for part in parts[:DEPTH]:
            below = f"{node.path}.{part}".lstrip(".")
            node = node.children.setdefault(part, ModuleTree(below))
        node.tensors[last] = tensor
    return root


def tree_of_model(model: StandIn) -> ModuleTree:
    """The tree of a pickled model; raises WeightsError for one that contains itself, or more
    modules than any network has."""
    return _tree(model, "", DEPTH, itertools.count())


def _tree(model: StandIn, path: str, depth: int, met: Iterator[int]) -> ModuleTree:
    if not depth or next(met) > MOST_MODULES:
        raise WeightsError(f"{path[:80]}: is in too many modules, or one of too many")
    state = model.state
    tensors = {
        str(name): value
        for group in ("_parameters", "_buffers")
        for name, value in _table(state, group).items()
        if isinstance(value, Tensor)
    }
    children = {
        str(name): _tree(child, f"{path}.{name}".lstrip("."), depth - 1, met)
        for name, child in _table(state, "_modules").items()
        if isinstance(child, StandIn)
    }
    return ModuleTree(path, model.kind, tensors, children, state)


def _table(state: Mapping[str, Any], key: str) -> dict[Any, Any]:
    value = state.get(key)
    return value if isinstance(value, dict) else {}
