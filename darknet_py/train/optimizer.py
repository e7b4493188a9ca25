"""Darknet's update rules: momentum SGD whose velocity holds the decay, and its Adam."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from darknet_py.layers.base import Layer, Stored
from darknet_py.layers.net import Net
from darknet_py.network import BUFFERS, Network

DECAYING = ("weight", "implicit")
"""Roles of tensors that weight decay pulls to 0; biases, scales and shortcut weights stay."""
SHORTCUT_LIMIT = 1.0
"""AlexeyAB's GPU path limits the accumulated updates of shortcut weights to +-1."""
ADAM_EPSILON = {"alexeyab": 1e-6, "pjreddie": 1e-7}


@dataclass
class _Slot:
    """One tensor under training; `update` is Darknet's accumulated negative gradient."""

    layer: Layer
    index: int
    role: str
    tensor: Tensor
    update: Tensor
    moments: tuple[Tensor, Tensor] | None = None


class Move(NamedTuple):
    """One update with learning rate `rate`: the batch-th, over `images` images.

    Layers before `frozen` stay as they are.
    """

    rate: float
    batch: int
    images: int
    frozen: int


@dataclass
class Optimizer:
    """Accumulates gradients over sub-batches and moves the weights once per batch."""

    network: Network
    slots: list[_Slot] = field(init=False)

    def __post_init__(self) -> None:
        self.network.require_written()
        self.slots = list(self._make_slots())

    def _make_slots(self) -> Iterator[_Slot]:
        for node in self.network.graph.nodes:
            tensors = self.network.own(node.index)
            for stored in self.network.graph.stored(node.index):
                if _trains(node.layer, stored, self.network):
                    tensor = tensors[stored.name]
                    yield _Slot(
                        node.layer, node.index, stored.role, tensor, torch.zeros_like(tensor)
                    )

    @property
    def net(self) -> Net:
        return self.network.graph.net

    @property
    def param_groups(self) -> list[dict[str, list[Tensor]]]:
        """What torch's GradScaler reads."""
        return [{"params": [slot.tensor for slot in self.slots]}]

    def step(self, move: Move, factor: float = 1.0) -> None:
        """Take the gradients, times `factor`, into the updates, and move the weights."""
        self._gather(factor)
        self.move(*move)

    @torch.no_grad()
    def _gather(self, factor: float) -> None:
        for slot in self.slots:
            if slot.tensor.grad is not None:
                slot.update.add_(slot.tensor.grad, alpha=-factor)
        self.clear()

    def clear(self) -> None:
        """Forget the gradients of this step."""
        for slot in self.slots:
            slot.tensor.grad = None

    @torch.no_grad()
    def move(self, rate: float, batch: int, images: int, frozen: int) -> None:
        """Move the weights by the updates gathered; see `Move`."""
        for slot in self.slots:
            if slot.index >= frozen and self._due(slot.layer, batch):
                self._move(slot, rate * slot.layer.learning_rate, batch, images)

    def _due(self, layer: Layer, batch: int) -> bool:
        early = layer.burnin_update and layer.burnin_update * self.net.burn_in > batch
        return not early and layer.dont_update < batch

    def _move(self, slot: _Slot, rate: float, batch: int, images: int) -> None:
        if slot.role == "shortcut":
            slot.update.clamp_(-SHORTCUT_LIMIT, SHORTCUT_LIMIT)
        if self.net.adam:
            self._adam(slot, rate, batch, images)
        else:
            if slot.role in DECAYING:
                slot.update.add_(slot.tensor, alpha=-self.net.decay * images)
            slot.tensor.add_(slot.update, alpha=rate / images)
            slot.update.mul_(self.net.momentum)
        limit = slot.layer.clip or self.net.clip
        if limit and slot.role in DECAYING:
            slot.tensor.clamp_(-limit, limit)

    def _adam(self, slot: _Slot, rate: float, batch: int, images: int) -> None:
        """Adam as on the GPU path: moments of the batch's sum, decay on every tensor."""
        net = self.net
        if slot.moments is None:
            slot.moments = torch.zeros_like(slot.tensor), torch.zeros_like(slot.tensor)
        first, second = slot.moments
        change = slot.update - net.decay * images * slot.tensor
        first.lerp_(change, 1 - net.B1)
        second.lerp_(change * change, 1 - net.B2)
        epsilon = ADAM_EPSILON[self.network.graph.fork.name] if net.eps is None else net.eps
        ahead, spread = first / (1 - net.B1**batch), second / (1 - net.B2**batch)
        slot.tensor += rate * ahead / (spread.sqrt() + epsilon)
        slot.update.zero_()


def _trains(layer: Layer, stored: Stored, network: Network) -> bool:
    """Batch statistics move by themselves; pjreddie's program never trains a [batchnorm]."""
    stand_alone = layer.kind == "batchnorm" and not network.graph.fork.batchnorm_biases
    return stored.role not in BUFFERS and not stand_alone
