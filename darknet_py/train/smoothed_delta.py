"""smooth= of [convolutional]: a delta that pulls each output towards those around it."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

SIDE = 5
"""Of the square of neighbours, which ends at the edges of the image."""


class SmoothedDelta(torch.autograd.Function):
    """An output (N, C, H, W) as it is; its delta has `rate` times the sum of the differences to its
    neighbours added, before the activation's derivative.

    pjreddie's GPU code counts rows and columns by the layer's input: right where its output has the
    same size, which is what is done here for all.
    """

    @staticmethod
    def forward(ctx: Any, y: Tensor, rate: float, scale: Tensor) -> Tensor:
        """scale: () what gradients are multiplied by, beside Darknet's deltas."""
        ctx.save_for_backward(y, scale)
        ctx.rate = rate
        return y.view_as(y)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        y, scale = ctx.saved_tensors
        apart = around(y) - around(torch.ones_like(y[:1, :1])) * y
        return gradient - (scale * ctx.rate * apart).to(gradient.dtype), None, None


def around(y: Tensor) -> Tensor:
    """(N, C, H, W): the sum over each value's square."""
    return F.avg_pool2d(y, SIDE, stride=1, padding=SIDE // 2, divisor_override=1)
