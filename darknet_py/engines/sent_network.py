"""The inference form of a network as plain data, for a copy or for another process.

Tensors go as bytes through the main memory: torch's own way would move them into memory that the
processes share, with an open file for each, and leave those of a GPU there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from darknet_py.network.execute import LayerModule
from darknet_py.network.graph import Graph
from darknet_py.network.network import Network
from darknet_py.network.weights import Header


@dataclass(frozen=True, eq=False)
class SentTensor:
    """dtype: torch's name of it. data: the values in order, as uint8 (bytes,)."""

    dtype: str
    shape: tuple[int, ...]
    data: NDArray[np.uint8]

    @staticmethod
    def of(tensor: Tensor) -> SentTensor:
        values = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
        name = str(tensor.dtype).removeprefix("torch.")
        return SentTensor(name, tuple(tensor.shape), values.numpy())

    def tensor(self) -> Tensor:
        """In the main memory, and nobody else's."""
        made = torch.empty(self.shape, dtype=getattr(torch, self.dtype))
        made.view(-1).view(torch.uint8).copy_(torch.from_numpy(self.data))
        return made


@dataclass(frozen=True, eq=False)
class SentNetwork:
    """layers: kind and tensors of each."""

    graph: Graph
    header: Header
    layers: tuple[tuple[str, dict[str, SentTensor]], ...]

    @staticmethod
    def of(network: Network) -> SentNetwork:
        """network: as `for_inference` gives it, on whatever device."""
        layers = tuple(
            (node.layer.kind, {k: SentTensor.of(v) for k, v in network.own(node.index).items()})
            for node in network.graph.nodes
        )
        return SentNetwork(network.graph, network.header, layers)

    def network(self) -> Network:
        """The same network again, in the main memory."""
        made = Network(self.graph, start=False)
        made.header, made.folded = self.header, True
        made.layers = nn.ModuleList(
            LayerModule(kind, {name: sent.tensor() for name, sent in tensors.items()})
            for kind, tensors in self.layers
        )
        made.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return made.requires_grad_(False).eval()
