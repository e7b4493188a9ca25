"""Which layer kinds have a loss: each file of this room registers its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from darknet_py.forks import Fork
from darknet_py.layers.base import Layer
from darknet_py.losses.targets import HeadLoss, Targets, read_targets


@dataclass(frozen=True)
class Pass:
    """One layer in one pass: its input and output (N, C, H, W) and the truth (N, truths).

    seen: images the network has seen, these included. generator: for what is random.
    """

    layer: Any
    input: Tensor
    output: Tensor
    truth: Tensor
    net_size: tuple[int, int]
    fork: Fork
    seen: int
    generator: torch.Generator

    @property
    def labels(self) -> Targets:
        return read_targets(self.truth, self.fork.samples.truth_size)


Loss = Callable[[Pass], HeadLoss]
LOSSES: dict[type[Layer], Loss] = {}
"""The loss of each kind that has one."""


def loss_of(kind: type[Layer]) -> Callable[[Loss], Loss]:
    """Register a function as the loss of a kind."""

    def register(loss: Loss) -> Loss:
        if kind in LOSSES:
            raise ValueError(f"[{kind.KIND}] has two losses")
        LOSSES[kind] = loss
        return loss

    return register
