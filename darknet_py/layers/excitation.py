"""Assisted excitation: in training, convolutions are shown where the labels are.

AlexeyAB's program has it as assisted_excitation= of [convolutional]; here are the rules of its GPU
code. Its backward pass leaves the excitation out; the gradient here is that of the forward pass.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from darknet_py.layers.net import Net
from darknet_py.layers.run import Progress
from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
else:
    torch = deferred("torch")


def excited(y: torch.Tensor, option: int, net: Net, progress: Progress) -> torch.Tensor:
    """y (N, C, H, W), with a share of the mean over channels added where an image has labels.

    option: the value of assisted_excitation, not 0.
    """
    area = labelled_area(progress.boxes, y.shape[2], y.shape[3])
    added = excitation_factor(option, net, progress.completed) * area
    return y + added.to(y.dtype) * y.mean(dim=1, keepdim=True)


def excitation_factor(option: int, net: Net, completed: torch.Tensor) -> torch.Tensor:
    """By what the mean is added after so many updates, both ().

    It falls along a cosine: with assisted_excitation=1 from 1 to .5 at half of max_batches, with
    another value from the end of burn_in to about 0 at that update; then it is 0.
    """
    first, last, period = net.burn_in, option, net.burn_in + option
    if option == 1:
        first, last, period = 0, net.max_batches // 2, net.max_batches
    falling = (1 + torch.cos(math.pi / max(1, period) * completed)) / 2
    return torch.where((completed >= first) & (completed <= last), falling, 0.0)


def labelled_area(boxes: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """(N, 1, height, width) bool: the cells that some label's box touches.

    The C program reads labels as five values each from an array of six, which makes boxes of class
    numbers and coordinates, and marks a column more than boxes reach, at the right edge the next
    row's first cell. What it means are the labels themselves and the cells they reach.
    """
    x, y, w, h = boxes.unbind(-1)
    there = (x != 0).to(torch.int32).cumprod(dim=1)
    columns = _reached(x, w, width) * there[..., None]
    rows = _reached(y, h, height)
    hits = torch.einsum("nty,ntx->nyx", rows.float(), columns.float())
    return (hits > 0)[:, None]


def _reached(middle: torch.Tensor, side: torch.Tensor, count: int) -> torch.Tensor:
    """(N, T, count) bool: the cells of a row of `count` that intervals (N, T) of [0, 1] touch."""
    cells = torch.arange(count, device=middle.device)
    first = torch.floor((middle - side / 2) * count)[..., None]
    end = torch.ceil((middle + side / 2) * count)[..., None]
    return (cells >= first) & (cells < end)
