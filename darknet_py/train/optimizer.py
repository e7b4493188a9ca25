"""Darknet's update rules: momentum SGD whose velocity holds the decay, and its Adam."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import torch
from torch import Tensor

from darknet_py.layers.base import Layer, Node, Stored
from darknet_py.layers.kernel_rule import KernelRule
from darknet_py.layers.net import Net
from darknet_py.network.network import BUFFERS, Network
from darknet_py.train.kernel_updates import finish, prepare, require_stages, reversed_updates

DECAYING = ("weight", "implicit")
"""Roles of tensors that weight decay pulls to 0; biases, scales and shortcut weights stay."""
SHORTCUT_LIMIT = 1.0
"""AlexeyAB's GPU path limits the accumulated updates of shortcut weights to +-1."""


@dataclass
class ParamState:
    """One tensor under training; `update` is Darknet's accumulated negative gradient.

    index, name, role: its layer's, and what the layer calls it ("weights"; "uf.weights" of a part).
    adam: whether Adam moves it. kernels: what is done to it and its update besides.
    """

    layer: Layer
    index: int
    name: str
    role: str
    tensor: Tensor
    update: Tensor
    adam: bool
    kernels: KernelRule
    moments: tuple[Tensor, Tensor] | None = None


class StepInfo(NamedTuple):
    """One update with learning rate `rate`: the batch-th, over `images` images.

    Layers before `freeze_before` stay as they are.
    """

    rate: float
    batch: int
    images: int
    freeze_before: int


class UpdateRule(NamedTuple):
    """What tensors that are moved alike share. rate: of learning. decays: whether the weights are
    pulled to 0. clip, update_limit: the largest magnitude of a weight and of an update, 0: any.
    adam: Adam moves them, otherwise momentum. kernels: what is done besides."""

    rate: float
    decays: bool
    clip: float
    update_limit: float
    adam: bool
    kernels: KernelRule


@dataclass
class Optimizer:
    """Accumulates gradients over sub-batches and moves the weights once per batch.

    On a GPU starting a kernel for each small tensor takes longer than the kernel: all tensors that
    follow the same rule are moved by one call. moves: how often it has moved the weights.
    """

    network: Network
    moves: int = field(init=False, default=0)
    states: list[ParamState] = field(init=False)

    def __post_init__(self) -> None:
        self.network.require_written()
        self.states = list(self._make_states())

    def _make_states(self) -> Iterator[ParamState]:
        for node in self.network.graph.nodes:
            tensors = self.network.own(node.index)
            for stored in self.network.graph.stored(node.index):
                if _trains(node.layer, stored, self.network):
                    yield self._state(node, stored, tensors[stored.name])

    def _state(self, node: Node, stored: Stored, tensor: Tensor) -> ParamState:
        """Raises DarknetError for kernels that cannot be trained as the cfg asks."""
        layer, fork = node.layer, self.network.graph.fork
        kernels = layer.kernel_rule(fork) if stored.role == "weight" else KernelRule()
        require_stages(layer, kernels, stored.shape)
        adam = bool(self.net.adam) and layer.moved_by_adam(fork)
        update = torch.zeros_like(tensor)
        named = node.index, stored.name, stored.role
        return ParamState(layer, *named, tensor, update, adam, kernels)

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
        learnt = [(s.update, s.tensor.grad) for s in self.states if s.tensor.grad is not None]
        if learnt:
            updates, gradients = zip(*learnt, strict=True)
            torch._foreach_add_(updates, gradients, alpha=-factor)
        self.clear()

    def clear(self) -> None:
        """Forget the gradients of this step."""
        for state in self.states:
            state.tensor.grad = None

    @torch.no_grad()
    def move(self, info: StepInfo) -> None:
        """Move the weights by the updates gathered; requires_grad=False holds a tensor."""
        self.moves += 1
        groups: dict[UpdateRule, list[ParamState]] = {}
        for state in self.states:
            held = state.index < info.freeze_before or not state.tensor.requires_grad
            if not held and self._due(state.layer, info.batch):
                groups.setdefault(self._rule(state, info), []).append(state)
        for rule, states in groups.items():
            self._move(rule, states, info)

    def _due(self, layer: Layer, batch: int) -> bool:
        if not self.network.graph.fork.update.holds_layers:
            return True
        early = layer.burnin_update and layer.burnin_update * self.net.burn_in > batch
        return not early and layer.dont_update < batch

    def _rule(self, state: ParamState, info: StepInfo) -> UpdateRule:
        decays, kernels = state.role in DECAYING, state.kernels
        if info.batch > self.net.max_batches // 2:
            # In the second half of a training the copies part.
            kernels = replace(kernels, deformation="")
        return UpdateRule(
            rate=info.rate * state.layer.learning_rate,
            decays=decays,
            clip=state.layer.weight_limit(self.network.graph.fork, self.net) if decays else 0.0,
            update_limit=SHORTCUT_LIMIT if state.role == "shortcut" else 0.0,
            adam=state.adam,
            kernels=kernels,
        )

    def _move(self, rule: UpdateRule, states: list[ParamState], info: StepInfo) -> None:
        tensors, updates = [s.tensor for s in states], [s.update for s in states]
        if rule.update_limit:
            _clamp(updates, rule.update_limit)
        prepare(rule.kernels, updates)
        by = self._adam if rule.adam else self._momentum
        by(rule, states, info)
        finish(rule.kernels, tensors)
        if rule.clip:
            _clamp(tensors, rule.clip)

    def _momentum(self, rule: UpdateRule, states: list[ParamState], info: StepInfo) -> None:
        """SGD whose velocity holds the decay, but for reverse=."""
        tensors, updates = [s.tensor for s in states], [s.update for s in states]
        steps = reversed_updates(rule.kernels, updates) if rule.kernels.reverse else updates
        if rule.decays:
            torch._foreach_add_(steps, tensors, alpha=-self.net.decay * info.images)
        torch._foreach_add_(tensors, steps, alpha=rule.rate / info.images)
        torch._foreach_mul_(updates, self.net.momentum)

    def _adam(self, rule: UpdateRule, states: list[ParamState], info: StepInfo) -> None:
        """Adam as on the GPU path: moments of the batch's sum, decay on every tensor."""
        net, tensors = self.net, [s.tensor for s in states]
        updates = [s.update for s in states]
        first, second = (list(moments) for moments in zip(*map(_moments, states), strict=True))
        change = torch._foreach_mul(tensors, -net.decay * info.images)
        torch._foreach_add_(change, updates)
        torch._foreach_lerp_(first, change, 1 - net.B1)
        torch._foreach_mul_(change, change)
        torch._foreach_lerp_(second, change, 1 - net.B2)
        fork = self.network.graph.fork.update
        epsilon = fork.adam_epsilon if net.eps is None else net.eps
        count = self.moves if fork.adam_counts_run else info.batch
        spread = torch._foreach_div(second, 1 - net.B2**count)
        torch._foreach_sqrt_(spread)
        torch._foreach_add_(spread, epsilon)
        ahead = torch._foreach_div(first, 1 - net.B1**count)
        torch._foreach_mul_(ahead, rule.rate)
        torch._foreach_div_(ahead, spread)
        torch._foreach_add_(tensors, ahead)
        torch._foreach_zero_(updates)


def _moments(state: ParamState) -> tuple[Tensor, Tensor]:
    """Made when they are first asked for."""
    if state.moments is None:
        state.moments = torch.zeros_like(state.tensor), torch.zeros_like(state.tensor)
    return state.moments


def _clamp(tensors: list[Tensor], limit: float) -> None:
    torch._foreach_clamp_min_(tensors, -limit)
    torch._foreach_clamp_max_(tensors, limit)


def _trains(layer: Layer, stored: Stored, network: Network) -> bool:
    """Batch statistics move by themselves."""
    return stored.role not in BUFFERS and layer.trains(network.graph.fork)
