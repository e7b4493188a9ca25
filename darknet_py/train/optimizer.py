"""Darknet's update rules: momentum SGD whose velocity holds the decay, and its Adam."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from darknet_py.layers.base import Layer, Stored
from darknet_py.layers.net import Net
from darknet_py.network.network import BUFFERS, Network

DECAYING = ("weight", "implicit")
"""Roles of tensors that weight decay pulls to 0; biases, scales and shortcut weights stay."""
SHORTCUT_LIMIT = 1.0
"""AlexeyAB's GPU path limits the accumulated updates of shortcut weights to +-1."""


@dataclass
class ParamState:
    """One tensor under training; `update` is Darknet's accumulated negative gradient.

    index, name, role: its layer's, and what the layer calls it ("weights"; "uf.weights" of a part).
    """

    layer: Layer
    index: int
    name: str
    role: str
    tensor: Tensor
    update: Tensor
    moments: tuple[Tensor, Tensor] | None = None


class StepInfo(NamedTuple):
    """One update with learning rate `rate`: the batch-th, over `images` images.

    Layers before `freeze_before` stay as they are.
    """

    rate: float
    batch: int
    images: int
    freeze_before: int


@dataclass
class Optimizer:
    """Accumulates gradients over sub-batches and moves the weights once per batch."""

    network: Network
    states: list[ParamState] = field(init=False)

    def __post_init__(self) -> None:
        self.network.require_written()
        self.states = list(self._make_states())

    def _make_states(self) -> Iterator[ParamState]:
        for node in self.network.graph.nodes:
            tensors = self.network.own(node.index)
            for stored in self.network.graph.stored(node.index):
                if _trains(node.layer, stored, self.network):
                    tensor = tensors[stored.name]
                    update = torch.zeros_like(tensor)
                    yield ParamState(
                        node.layer, node.index, stored.name, stored.role, tensor, update
                    )

    @property
    def net(self) -> Net:
        return self.network.graph.net

    @property
    def param_groups(self) -> list[dict[str, list[Tensor]]]:
        """What torch's GradScaler reads."""
        return [{"params": [state.tensor for state in self.states]}]

    @property
    def has_gradients(self) -> bool:
        return any(state.tensor.grad is not None for state in self.states)

    def step(self, info: StepInfo, factor: float = 1.0) -> None:
        """Take the gradients, times `factor`, into the updates, and move the weights."""
        self._gather(factor)
        self.move(info)

    @torch.no_grad()
    def _gather(self, factor: float) -> None:
        for state in self.states:
            if state.tensor.grad is not None:
                state.update.add_(state.tensor.grad, alpha=-factor)
        self.clear()

    def clear(self) -> None:
        """Forget the gradients of this step."""
        for state in self.states:
            state.tensor.grad = None

    @torch.no_grad()
    def move(self, info: StepInfo) -> None:
        """Move the weights by the updates gathered; requires_grad=False holds a tensor."""
        for state in self.states:
            held = state.index < info.freeze_before or not state.tensor.requires_grad
            if not held and self._due(state.layer, info.batch):
                rate = info.rate * state.layer.learning_rate
                self._move(state, rate, info.batch, info.images)

    def _due(self, layer: Layer, batch: int) -> bool:
        early = layer.burnin_update and layer.burnin_update * self.net.burn_in > batch
        return not early and layer.dont_update < batch

    def _move(self, state: ParamState, rate: float, batch: int, images: int) -> None:
        if state.role == "shortcut":
            state.update.clamp_(-SHORTCUT_LIMIT, SHORTCUT_LIMIT)
        if self.net.adam:
            self._adam(state, rate, batch, images)
        else:
            if state.role in DECAYING:
                state.update.add_(state.tensor, alpha=-self.net.decay * images)
            state.tensor.add_(state.update, alpha=rate / images)
            state.update.mul_(self.net.momentum)
        limit = state.layer.clip or self.net.clip
        if limit and state.role in DECAYING:
            state.tensor.clamp_(-limit, limit)

    def _adam(self, state: ParamState, rate: float, batch: int, images: int) -> None:
        """Adam as on the GPU path: moments of the batch's sum, decay on every tensor."""
        net = self.net
        if state.moments is None:
            state.moments = torch.zeros_like(state.tensor), torch.zeros_like(state.tensor)
        first, second = state.moments
        change = state.update - net.decay * images * state.tensor
        first.lerp_(change, 1 - net.B1)
        second.lerp_(change * change, 1 - net.B2)
        epsilon = self.network.graph.fork.loss.adam_epsilon if net.eps is None else net.eps
        ahead, spread = first / (1 - net.B1**batch), second / (1 - net.B2**batch)
        state.tensor += rate * ahead / (spread.sqrt() + epsilon)
        state.update.zero_()


def _trains(layer: Layer, stored: Stored, network: Network) -> bool:
    """Batch statistics move by themselves."""
    return stored.role not in BUFFERS and layer.trains(network.graph.fork)
