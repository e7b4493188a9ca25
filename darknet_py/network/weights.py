"""Loading and saving .weights files: one walk over `stored()` serves both."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from darknet_py.errors import WeightsError
from darknet_py.files import replacing
from darknet_py.layers.base import Stored, Weights
from darknet_py.network import weights_layout
from darknet_py.network.graph import Graph
from darknet_py.network.weights_fitting import layer_words, plan_fitting
from darknet_py.network.weights_header import Header
from darknet_py.network.weights_layout import Layout
from darknet_py.network.weights_values import TensorFault, fault_of, in_short

__all__ = ["Header", "LoadReport", "load", "save"]


class TensorOwner(Protocol):
    """What a file is read into and written from: a network."""

    graph: Graph
    header: Header

    def own(self, index: int) -> Weights:
        """The tensors of layer `index` itself, by name; they are read into in place."""
        ...


@dataclass(frozen=True)
class LoadReport:
    """What a load did.

    layers: how many layers the file reached. floats: values read after the header.
    seen: images the weights were trained on. partial: the file does not hold all layers.
    missing: the layers with tensors that it does not hold; they keep what they held before. misfit:
    why, where the file is of another network. faults: tensors with unusable values. notes: what a
    user should know about this file.
    """

    path: str
    header: Header
    layers: int
    total_layers: int
    floats: int
    partial: bool
    notes: tuple[str, ...] = ()
    missing: tuple[int, ...] = ()
    misfit: str = ""
    faults: tuple[TensorFault, ...] = ()
    missing_words: str = ""

    @property
    def seen(self) -> int:
        return self.header.seen

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know before the network is run: also that layers have random values."""
        random = [self.random_layers] if self.missing else []
        return (*self.notes, *random, *in_short(self.faults))

    @property
    def random_layers(self) -> str:
        """Which layers start at random, and why."""
        verb = "starts" if len(self.missing) == 1 else "start"
        why = self.misfit or "ends before the network does"
        return f"{why}; {self.missing_words} {verb} at random"

    def __str__(self) -> str:
        return f"{self.path}: {self._extent}, {self.floats} floats, {self.seen} images seen"

    @property
    def _extent(self) -> str:
        if self.misfit:
            return "the layers that fit"
        return f"{self.layers} of {self.total_layers} layers" if self.partial else "all layers"


def load(
    network: TensorOwner,
    path: str | os.PathLike[str],
    cutoff: int | None = None,
    strict: bool = True,
) -> LoadReport:
    """Read the file into the network's tensors in place; all sizes are checked first."""
    planned = weights_layout.plan if strict else plan_fitting
    return read(network, planned(network.graph, path, cutoff))


def read(network: TensorOwner, plan: Layout) -> LoadReport:
    """Read a file whose sizes have been checked."""
    graph = network.graph
    found = _read_layers(network, plan) if plan.is_file else []
    network.header = plan.header
    with_tensors = [index for index, count in enumerate(weights_layout.counts_of(graph)) if count]
    return LoadReport(
        path=plan.path,
        header=plan.header,
        layers=plan.covered,
        total_layers=len(graph.nodes),
        floats=plan.floats,
        partial=plan.partial,
        notes=weights_layout.notes_on(graph, plan),
        missing=plan.missing,
        misfit=plan.misfit,
        faults=tuple(found),
        missing_words=layer_words(plan.missing, with_tensors) if plan.missing else "",
    )


def _read_layers(network: TensorOwner, plan: Layout) -> list[TensorFault]:
    found = list[TensorFault]()
    with plan.opened() as file:
        for index, start in zip(plan.layers, plan.starts, strict=True):
            file.seek(plan.header.size + 4 * start)
            found += _read_layer(network, index, plan, file)
    return found


def _read_layer(
    network: TensorOwner, index: int, plan: Layout, file: BinaryIO
) -> Iterator[TensorFault]:
    """Fills the tensors of a layer; gives what is wrong with their values."""
    tensors = network.own(index)
    for stored in weights_layout.loaded(network.graph, index):
        target = tensors[stored.name].detach()
        transposed = weights_layout.transposed(stored, plan.header)
        part = target if stored.rows is None else target[: stored.rows]
        if transposed or not _direct(part):
            shape = transposed or tuple(part.shape)
            values = torch.empty(shape)
            read_values = _read_into(values, file)
            part.copy_(_transposed_back(values, part) if transposed else values)
        else:
            read_values = _read_into(part, file)
        if (fault := fault_of(network.graph, index, stored, read_values)) is not None:
            yield fault


def _direct(tensor: torch.Tensor) -> bool:
    """The file's bytes can go straight into the tensor's memory, which saves a copy of the file."""
    return tensor.device.type == "cpu" and tensor.dtype == torch.float32 and tensor.is_contiguous()


def _read_into(tensor: torch.Tensor, file: BinaryIO) -> NDArray[np.float32]:
    """The values as well, as an array over the tensor's own memory."""
    array: NDArray[np.float32] = tensor.numpy()
    raw = array.reshape(-1).view(np.uint8)
    if file.readinto(raw.data) != raw.size:  # type: ignore[attr-defined]
        raise WeightsError(f"{file.name}: became shorter while it was read")
    if sys.byteorder == "big":  # pragma: no cover
        array.byteswap(inplace=True)
    return array


def _transposed_back(values: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return values.t().reshape(target.shape)


def save(
    network: TensorOwner, path: Path, cutoff: int | None = None, header: Header | None = None
) -> None:
    """Write header and layers before `cutoff` to a temporary file beside `path`, then rename it."""
    header = header or network.header
    end = weights_layout.layers_before(network.graph, cutoff)
    with replacing(path) as file:
        file.write(header.pack())
        for node in network.graph.nodes[:end]:
            if not node.layer.dontsave:
                _write_layer(network, node.index, header, file)


def _write_layer(network: TensorOwner, index: int, header: Header, file: BinaryIO) -> None:
    tensors = network.own(index)
    for stored in network.graph.stored(index):
        if stored.in_file:
            file.write(_bytes(tensors[stored.name], stored, header))


def _bytes(tensor: torch.Tensor, stored: Stored, header: Header) -> memoryview:
    """The tensor as the file holds it, transposed as it was when it was read."""
    values = tensor.detach().to("cpu", torch.float32)
    if weights_layout.transposed(stored, header):
        values = values.reshape(len(values), -1).t()
    return np.ascontiguousarray(values.numpy(), "<f4").reshape(-1).view(np.uint8).data


def partial(network: TensorOwner, path: Path, cutoff: int) -> None:
    """Darknet's `partial`: the layers before `cutoff`, seen 0, the fork's own header."""
    header = Header(0, 2, network.graph.fork.weights.revision, 0)
    save(network, path, cutoff, header)
