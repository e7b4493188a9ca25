"""What AlexeyAB's GPU code does to kernels and their updates, around what moves all weights."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from darknet_py.errors import DarknetError
from darknet_py.layers.base import Layer
from darknet_py.layers.kernel_rule import CENTRED, KernelRule
from darknet_py.train.deformed_kernels import copied, deform, merged

SLOPE, OFFSET = 10.0, 1.0
"""reverse: what an update's size is multiplied by, and what is added to it."""


def require_stages(layer: Layer, rule: KernelRule, shape: Sequence[int]) -> None:
    """Raises DarknetError for kernels (F, C, S, S) that a deformation cannot divide."""
    if message := rule.not_in_stages(math.prod(shape[:2])):
        raise DarknetError(f"{layer.location(rule.deformation)}: {message}")


def prepare(rule: KernelRule, updates: Sequence[Tensor]) -> None:
    """What is done to the updates of kernels (F, C, S, S) before the weights are moved."""
    for update in updates:
        if rule.deformation:
            update.copy_(merged(deform(rule, update, back=True)))
        if rule.centred and update[0].numel() % CENTRED == 0:
            update -= update.mean(dim=(1, 2, 3), keepdim=True)


def reversed_updates(rule: KernelRule, updates: Sequence[Tensor]) -> list[Tensor]:
    """What reverse= adds to the weights: the updates themselves stay, for their momentum.

    The C program takes as many as the layer has inputs, from whatever lies there; here it is all
    weights. An update of 0 counts as a positive one, as there.
    """
    return [_reversed(update, rule.reverse) for update in updates]


def _reversed(update: Tensor, exponent: float) -> Tensor:
    size = (update.abs() * SLOPE + OFFSET).pow(exponent)
    size = size.nan_to_num(0.0, 0.0, 0.0)
    return torch.where(update < 0, -size, size)


def finish(rule: KernelRule, kernels: Sequence[Tensor]) -> None:
    """What is done to kernels (F, C, S, S) after they were moved."""
    if rule.deformation:
        for kernel in kernels:
            kernel.copy_(deform(rule, copied(kernel)))
