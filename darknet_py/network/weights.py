"""Loading and saving .weights files: one walk over `stored()` serves both."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
import torch

from darknet_py.errors import WeightsError
from darknet_py.files import replacing
from darknet_py.layers.base import Stored, Weights
from darknet_py.network import weights_layout
from darknet_py.network.graph import Graph
from darknet_py.network.weights_layout import Header, Layout

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
    seen: images the weights were trained on. partial: the file ends before the network does.
    notes: what a user should know about this file.
    """

    path: str
    header: Header
    layers: int
    total_layers: int
    floats: int
    partial: bool
    notes: tuple[str, ...] = ()

    @property
    def seen(self) -> int:
        return self.header.seen

    def __str__(self) -> str:
        layers = f"{self.layers} of {self.total_layers} layers" if self.partial else "all layers"
        return f"{self.path}: {layers}, {self.floats} floats, {self.seen} images seen"


def load(
    network: TensorOwner, path: str | os.PathLike[str], cutoff: int | None = None
) -> LoadReport:
    """Read the file into the network's tensors in place; all sizes are checked first."""
    return read(network, weights_layout.plan(network.graph, path, cutoff))


def read(network: TensorOwner, plan: Layout) -> LoadReport:
    """Read a file whose sizes have been checked."""
    with open(plan.path, "rb") as file:
        file.seek(plan.header.size)
        for index in plan.layers:
            _read_layer(network, index, plan, file)
    network.header = plan.header
    notes = weights_layout.notes_on(network.graph, plan)
    total = len(network.graph.nodes)
    return LoadReport(plan.path, plan.header, plan.covered, total, plan.floats, plan.partial, notes)


def _read_layer(network: TensorOwner, index: int, plan: Layout, file: BinaryIO) -> None:
    tensors = network.own(index)
    for stored in weights_layout.loaded(network.graph, index):
        target = tensors[stored.name].detach()
        transposed = weights_layout.transposed(stored, plan.header)
        part = target if stored.rows is None else target[: stored.rows]
        if transposed or not _direct(part):
            shape = transposed or tuple(part.shape)
            values = torch.empty(shape)
            _read_into(values, file)
            part.copy_(_transposed_back(values, part) if transposed else values)
        else:
            _read_into(part, file)


def _direct(tensor: torch.Tensor) -> bool:
    """The file's bytes can go straight into the tensor's memory, which saves a copy of the file."""
    return tensor.device.type == "cpu" and tensor.dtype == torch.float32 and tensor.is_contiguous()


def _read_into(tensor: torch.Tensor, file: BinaryIO) -> None:
    array = tensor.numpy()
    raw = array.reshape(-1).view(np.uint8)
    if file.readinto(raw.data) != raw.size:  # type: ignore[attr-defined]
        raise WeightsError(f"{file.name}: became shorter while it was read")
    if sys.byteorder == "big":  # pragma: no cover
        array.byteswap(inplace=True)


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
