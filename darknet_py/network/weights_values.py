"""Tensors of a .weights file that no training ever wrote: not finite, negative variances, zeros."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from darknet_py.layers.base import Stored
from darknet_py.network import weights_layout
from darknet_py.network.graph import Graph
from darknet_py.network.weights_layout import Layout

SHOWN = 3
"""Faults that a loading names; `check` names all."""


@dataclass(frozen=True)
class TensorFault:
    """A tensor with values nothing can be computed with; layer: its number, kind and line.

    level: "error" where outputs are no numbers, "warning" where they only say nothing.
    """

    layer: str
    tensor: str
    message: str
    level: str = "error"

    def __str__(self) -> str:
        return f"{self.layer}: {self.tensor}: {self.message}"


def fault_of(
    graph: Graph, index: int, stored: Stored, values: npt.NDArray[np.float32]
) -> TensorFault | None:
    """What is wrong with a tensor's values as the file holds them, None for most."""
    complaint = _complaint(stored, values)
    if complaint is None:
        return None
    layer, (level, message) = graph.nodes[index].layer, complaint
    words = f"layer {index} [{layer.kind}] (line {layer.section.line})"
    return TensorFault(words, stored.name, message, level)


def _complaint(stored: Stored, values: npt.NDArray[np.float32]) -> tuple[str, str] | None:
    """Level and message. One sum finds what is not finite and what may be all zeros: loading stays
    as quick."""
    with np.errstate(all="ignore"):
        total = values.sum()
    if not np.isfinite(total) and (count := values.size - int(np.isfinite(values).sum())):
        return "error", f"{count} of {values.size} values are not finite"
    if stored.role == "variance" and values.size and (least := values.min()) < 0:
        negative = int((values < 0).sum())
        return "error", f"{negative} of {values.size} are negative, down to {least:g}"
    if stored.role == "weight" and values.size and total == 0 and not values.any():
        return "warning", f"all {values.size} values are 0"
    return None


def faults(graph: Graph, plan: Layout) -> Iterator[TensorFault]:
    """Those of a file that fits, read tensor by tensor."""
    with open(plan.path, "rb") as file:
        for index, start in zip(plan.layers, plan.starts, strict=True):
            file.seek(plan.header.size + 4 * start)
            for stored in weights_layout.loaded(graph, index):
                values = np.fromfile(file, "<f4", weights_layout.floats_of(stored))
                if (fault := fault_of(graph, index, stored, values)) is not None:
                    yield fault


def in_short(found: Sequence[TensorFault]) -> list[str]:
    """The first ones, and how many more there are."""
    lines = [str(fault) for fault in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(f"{len(found) - SHOWN} more tensors like these: `darknet-py check` names them")
    return lines
