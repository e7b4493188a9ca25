"""A .weights file of another network: those of its layers that fit, for a training to start from.

C reads such a file on and on: behind the first layer of another size every layer gets numbers that
were never its own. Here a layer is taken only where it can be told that its numbers are its own.
"""

from __future__ import annotations

import contextlib
import os
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from darknet_py.errors import WeightsError
from darknet_py.network import weights_layout
from darknet_py.network.graph import Graph
from darknet_py.network.weights_header import Header, measured
from darknet_py.network.weights_layout import Layout

LARGEST_VARIANCE = 1e30
"""More than any network's; what is not finite is not below it either."""


@dataclass(frozen=True)
class _Stream:
    """A file, and how many floats each layer of a graph would have in it."""

    graph: Graph
    path: str
    header: Header
    sizes: tuple[int, ...]

    @property
    def starts(self) -> list[int]:
        return list(accumulate(self.sizes, initial=0))

    def plausible(self, index: int) -> bool:
        """Whether what would be the variances of a layer can be variances."""
        start = self.starts[index]
        for stored in weights_layout.loaded(self.graph, index):
            count = weights_layout.floats_of(stored)
            if stored.role == "variance":
                values = self._read(start, count)
                if not all(0 <= value < LARGEST_VARIANCE for value in values):
                    return False
            start += count
        return True

    def _read(self, start: int, count: int) -> array[float]:
        values = array("f")
        with open(self.path, "rb") as file:
            file.seek(self.header.size + 4 * start)
            values.frombytes(file.read(4 * count))
        if sys.byteorder == "big":  # pragma: no cover
            values.byteswap()
        return values


def plan_fitting(graph: Graph, path: str | os.PathLike[str], cutoff: int | None = None) -> Layout:
    """Where the layers lie that can be taken from any file; raises WeightsError for no weights.

    A file of the same cfg with another number of classes is recognised by its size: all layers but
    the convolutions above the heads are taken. Of any other, those before the first that does not
    fit: where the file ends, where floats are left over, or where variances could be none.
    """
    name = os.fspath(path)
    size, header, have = measured(name)
    if have < 1:
        return weights_layout.plan(graph, path, cutoff)
    with contextlib.suppress(WeightsError):
        return weights_layout.plan(graph, path, cutoff)
    end = weights_layout.layers_before(graph, cutoff)
    counts = weights_layout.counts_of(graph)
    stream, fitting, misfit = _fitting(graph, name, header, have, counts)
    layers = tuple(index for index in fitting if index < end)
    missing = tuple(index for index in range(end) if counts[index] and index not in layers)
    return Layout(
        path=name,
        header=header,
        layers=layers,
        starts=tuple(stream.starts[index] for index in layers),
        covered=missing[0] if missing else end,
        floats=sum(counts[index] for index in layers),
        partial=bool(missing),
        bytes=size,
        missing=missing,
        misfit=misfit,
    )


def _fitting(
    graph: Graph, path: str, header: Header, have: float, counts: Sequence[int]
) -> tuple[_Stream, list[int], str]:
    """The stream of layers, those of it that can be taken, and why not all."""
    found = weights_layout.fitting_classes(graph, have)
    if found is not None:
        classes, inside = found
        sizes = tuple(inside.get(index, count) for index, count in enumerate(counts))
        stream = _Stream(graph, path, header, sizes)
        same = [index for index, count in enumerate(counts) if count and sizes[index] == count]
        if all(map(stream.plausible, same)):
            return stream, same, f"is of a network with classes={classes}"
    stream = _Stream(graph, path, header, tuple(counts))
    misfit = f"is of another network: {int(have)} floats, the cfg needs {sum(counts)}"
    return stream, _before_the_misfit(stream, counts, have), misfit


def _before_the_misfit(stream: _Stream, counts: Sequence[int], have: float) -> list[int]:
    covered, _ = weights_layout.covered_by(list(counts), have)
    layers = [index for index in range(covered) if counts[index]]
    for number, index in enumerate(layers):
        if not stream.plausible(index):
            # The layer before it may have been cut in the wrong place already.
            return layers[: max(0, number - 1)]
    # With floats left over, the last layer is a larger one in the file.
    return layers[:-1] if covered == len(counts) else layers


def layer_words(missing: Sequence[int], with_tensors: Sequence[int]) -> str:
    """`layer 3`, `layers 3, 7 and 10 to 15`: a range is of layers that have tensors."""
    order = {index: number for number, index in enumerate(with_tensors)}
    runs: list[list[int]] = []
    for index in missing:
        if runs and order[index] == order[runs[-1][1]] + 1:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    parts = [f"{first}" if first == last else f"{first} to {last}" for first, last in runs]
    words = " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
    return f"layer {words}" if len(missing) == 1 else f"layers {words}"
