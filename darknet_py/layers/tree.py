"""Class hierarchies of YOLO9000: the tree file, softmax over siblings, products down the tree."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from darknet_py.cfg.options import atoi
from darknet_py.cfg.text import Section
from darknet_py.cfg.text_file import read_text
from darknet_py.errors import DataError, Location
from darknet_py.layers.device_constant import DeviceConstant
from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
else:
    torch = deferred("torch")


UNKNOWN = -1234.0
"""A truth of this value says nothing about its class: no label reaches its group of siblings."""


@dataclass(frozen=True)
class Tree:
    """Nodes in file order: names, parents (-1 at the root), and groups of siblings.

    Consecutive lines of the same parent are one group; child is the group below a node, or -1.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    group_of: tuple[int, ...]
    group_offsets: tuple[int, ...]
    group_sizes: tuple[int, ...]
    child: tuple[int, ...]

    @functools.cached_property
    def levels(self) -> list[list[int]]:
        """Nodes by depth, the roots left out: a product down the tree goes level by level."""
        depth: list[int] = []
        for parent in self.parents:
            depth.append(0 if parent < 0 else depth[parent] + 1)
        deepest = max(depth, default=0)
        return [[n for n, d in enumerate(depth) if d == level] for level in range(1, deepest + 1)]

    @functools.cached_property
    def _groups(self) -> DeviceConstant:
        """Of each node."""
        return DeviceConstant(self.group_of)

    @functools.cached_property
    def _descents(self) -> list[tuple[DeviceConstant, DeviceConstant]]:
        """Level by level the nodes and their parents."""
        parents = [[self.parents[node] for node in level] for level in self.levels]
        pairs = zip(self.levels, parents, strict=True)
        return [(DeviceConstant(nodes), DeviceConstant(above)) for nodes, above in pairs]

    @functools.cached_property
    def _family(self) -> tuple[DeviceConstant, DeviceConstant]:
        """Of each node its parent and the group below it."""
        return DeviceConstant(self.parents), DeviceConstant(self.child)

    @functools.cached_property
    def _members(self) -> DeviceConstant:
        """(groups, largest group): member nodes; unused entries point one past the last class."""
        columns, nobody = range(max(self.group_sizes)), len(self.parents)
        groups = zip(self.group_offsets, self.group_sizes, strict=True)
        return DeviceConstant(
            [[first + n if n < size else nobody for n in columns] for first, size in groups]
        )

    def softmax(self, x: torch.Tensor, dim: int, temperature: float = 1.0) -> torch.Tensor:
        """Softmax within each group of siblings along `dim`."""
        x = x.movedim(dim, 0) / temperature
        groups = self._groups.on(x.device)
        index = groups.reshape(-1, *[1] * (x.dim() - 1)).expand_as(x)
        count = (len(self.group_sizes), *x.shape[1:])
        largest = x.new_zeros(count).scatter_reduce(0, index, x, "amax", include_self=False)
        powers = torch.exp(x - largest[groups])
        sums = powers.new_zeros(count).index_add(0, groups, powers)
        return (powers / sums[groups]).movedim(0, dim)

    def products(self, x: torch.Tensor) -> torch.Tensor:
        """Probabilities (..., classes) times those of all ancestors."""
        x = x.clone()
        for nodes, parents in self._descents:
            x[..., nodes.on(x.device)] *= x[..., parents.on(x.device)]
        return x

    def top(self, x: torch.Tensor, threshold: float) -> torch.Tensor:
        """The class (rows,) pjreddie's descent stops at, for x (rows, classes).

        From the root group take the likeliest sibling and go on below it while the running product
        stays over the threshold. x holds products already: the C program multiplies them once more.
        """
        groups = self._members.on(x.device)
        parents, child = (numbers.on(x.device) for numbers in self._family)
        padded = torch.cat([x, x.new_full((len(x), 1), -1.0)], dim=1)
        group = torch.zeros(len(x), dtype=torch.long, device=x.device)
        product = x.new_ones(len(x))
        answer = torch.full_like(group, -1)
        for _ in range(len(self.levels) + 1):
            members = groups[group]
            best, index = padded.gather(1, members).max(dim=1)
            node = members.gather(1, index[:, None])[:, 0]
            enough = product * best > threshold
            fallback = torch.where(group == 0, node, parents[members[:, 0]])
            stop = torch.where(enough, torch.where(child[node] < 0, node, -1), fallback)
            answer = torch.where(answer < 0, stop, answer)
            product = torch.where(enough, product * best, product)
            group = torch.where(enough & (child[node] >= 0), child[node], group)
        return answer


def read_tree(section: Section, name: str) -> Tree:
    """The tree file an option names; raises DataError for a missing or malformed one."""
    return read_tree_file(find_file(section, name))


def read_tree_file(path: str) -> Tree:
    """The tree of a file with `name parent` on each line; raises DataError for a malformed one."""
    return _parsed(path, read_text(path, "a tree", DataError))


@functools.lru_cache(maxsize=4)
def _parsed(path: str, text: str) -> Tree:
    """Remembered by what the file says: one written anew within a tick of the clock is another."""
    names, parents = list[str](), list[int]()
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words:
            continue
        if len(words) < 2 or atoi(words[1]) >= len(names):
            message = (
                f"read '{line[:40]}', expected a name and the number of an earlier line (or -1)"
            )
            raise DataError(message, Location(path, number))
        names.append(words[0])
        parents.append(atoi(words[1]))
    if not names:
        raise DataError("has no lines, expected a name and a parent each", Location(path))
    return _grouped(tuple(names), tuple(parents))


def _grouped(names: tuple[str, ...], parents: tuple[int, ...]) -> Tree:
    group_of, offsets, sizes, child = [], list[int](), list[int](), [-1] * len(names)
    for node, parent in enumerate(parents):
        if not node or parent != parents[node - 1]:
            offsets.append(node)
            sizes.append(0)
            if parent >= 0:
                child[parent] = len(sizes) - 1
        sizes[-1] += 1
        group_of.append(len(sizes) - 1)
    return Tree(names, parents, tuple(group_of), tuple(offsets), tuple(sizes), tuple(child))


def read_map(section: Section, name: str) -> tuple[int, ...]:
    """A map file: the class number of each line."""
    path = find_file(section, name)
    return tuple(atoi(line.strip()) for line in read_text(path, "a map", DataError).splitlines())


def find_file(section: Section, name: str) -> str:
    """A file named in a cfg: relative to the working directory as in Darknet, else to the cfg."""
    folder = Path(section.path).parent
    candidates = (Path(name), folder / name, folder.parent / name, folder / Path(name).name)
    return os.fspath(next((path for path in candidates if path.is_file()), candidates[0]))
