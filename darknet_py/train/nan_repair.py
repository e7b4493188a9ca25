"""try_fix_nan of [net]: training goes on over values that are not finite.

What AlexeyAB's GPU code does in convolutions and to the tensors of batch normalisation. Inside a
batch normalisation it also replaces the mean and variance of the batch before gradients are
computed from them; here such gradients are replaced only when they have come out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from darknet_py.layers.base import Stored
from darknet_py.layers.torch_kernels import Repair
from darknet_py.network.graph import Graph
from darknet_py.network.network import Network

LIMIT = 1.0
"""Largest magnitude of a convolution's delta, whether or not anything is wrong with it."""


def repairs(graph: Graph) -> bool:
    return bool(graph.net.try_fix_nan and graph.fork.loss.fix_nan)


def repair(scale: Tensor) -> Repair:
    """What a convolution's input and output go through.

    scale: () what gradients are multiplied by, beside Darknet's deltas.
    """

    def of_input(x: Tensor) -> Tensor:
        passed: Tensor = _RepairedInput.apply(x)  # type: ignore[no-untyped-call]
        return passed

    def of_output(y: Tensor) -> Tensor:
        passed: Tensor = _RepairedOutput.apply(y, scale)  # type: ignore[no-untyped-call]
        return passed

    return Repair(of_input, of_output)


class _RepairedInput(torch.autograd.Function):
    """A convolution's input: what it passes back is 0 where it is not finite."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return torch.where(gradient.isfinite(), gradient, 0.0)


class _RepairedOutput(torch.autograd.Function):
    """A convolution's output: finite, and its delta within limits."""

    @staticmethod
    def forward(ctx: Any, y: Tensor, scale: Tensor) -> Tensor:
        ctx.save_for_backward(scale)
        return _repaired(y)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (scale,) = ctx.saved_tensors
        limit = scale * LIMIT
        # A delta that is no number becomes -1 by CUDA's fmaxf; deltas are negative gradients.
        return torch.where(gradient.isnan(), limit, gradient.clamp(-limit, limit)), None


def _repaired(values: Tensor) -> Tensor:
    """1 / (index + 1) in place of what is not finite, the index being that of a C array."""
    numbers = torch.arange(1, values.numel() + 1, device=values.device, dtype=torch.float32)
    instead = numbers.reciprocal().view(values.shape).to(values.dtype)
    return torch.where(values.isfinite(), values, instead)


@torch.no_grad()
def repair_tensors(network: Network, gradients: bool = True) -> None:
    """After a sub-batch: kernels, and all that belongs to a batch normalisation, become finite.

    gradients: theirs too; those of kernels are 0 then.
    """
    for stored, tensor in _concerned(network):
        tensor.copy_(_repaired(tensor))
        if gradients and tensor.grad is not None:
            instead = (
                0.0 if stored.role == "weight" else -_repaired(torch.full_like(tensor, torch.nan))
            )
            tensor.grad.copy_(torch.where(tensor.grad.isfinite(), tensor.grad, instead))


def _concerned(network: Network) -> Iterator[tuple[Stored, Tensor]]:
    for node in network.graph.nodes:
        tensors, all_stored = network.own(node.index), network.graph.stored(node.index)
        normalised = {_part(stored) for stored in all_stored if stored.role == "scale"}
        for stored in all_stored:
            kernel = stored.role == "weight" and node.layer.CONVOLVES
            if kernel or (stored.role != "weight" and _part(stored) in normalised):
                yield stored, tensors[stored.name]


def _part(stored: Stored) -> str:
    """The part of a recurrent layer that a tensor belongs to, "" in other layers."""
    return stored.name.rpartition(".")[0]
