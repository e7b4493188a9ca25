"""DropBlock: dropout of whole squares of a channel, which grow as training goes on.

AlexeyAB's GPU code alone has it; a [dropout] with dropblock=1 is a plain one elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from darknet_py.layers.net import Net
from darknet_py.layers.run import Run
from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
else:
    torch = deferred("torch")

GROWING = 0.85
"""The share of max_batches in which size and probability grow to what the cfg says."""


def grown(net: Net, run: Run, like: torch.Tensor) -> torch.Tensor:
    """(): how much of the size and the probability is reached; all in a pass without a training."""
    span = net.max_batches * GROWING
    if run.progress is None or span <= 0:
        return like.new_ones((), dtype=torch.float32)
    return (run.progress.completed / span).clamp(max=1)


def block_side(full: float, grown: torch.Tensor, shortest: int) -> torch.Tensor:
    """(): cells along a block, from 1 to the `shortest` side; full: what it grows to."""
    return torch.floor(full * grown).clamp(1, shortest)


def drop_blocks(x: torch.Tensor, probability: torch.Tensor, side: torch.Tensor) -> torch.Tensor:
    """x (N, C, H, W) without a square of `side` cells in some channels, the rest scaled up.

    probability: () that a cell is dropped, spread over the cells of a block. Every cell may start a
    block; of those of a channel that would, one does. Values of an image that stay are scaled by
    all / kept ones; an image of which nothing is left is 0, which is no number in C.
    """
    height, width = x.shape[2:]
    drawn = torch.rand(x.shape, device=x.device).flatten(2)
    least, cell = drawn.min(dim=2)
    dropped = least < probability / (side * side)
    columns = _covered(cell % width, width, side)
    rows = _covered(torch.div(cell, width, rounding_mode="floor"), height, side)
    gone = rows[..., None] & columns[..., None, :] & dropped[..., None, None]
    share = dropped.sum(dim=1) * side * side / x[0].numel()
    scale = torch.where(share < 1, 1 / (1 - share), 0.0)
    return x * (~gone * scale[:, None, None, None]).to(x.dtype)


def _covered(cell: torch.Tensor, count: int, side: torch.Tensor) -> torch.Tensor:
    """(N, C, count) bool: the cells of a row that a block from `cell` (N, C) on covers.

    As in the C program one that would reach beyond the end starts as far from the front as its cell
    lies behind the last start that fits.
    """
    last = count - side
    start = torch.where(cell > last, cell - last, cell)
    start = torch.minimum(start, last)[..., None]
    cells = torch.arange(count, device=cell.device)
    return (cells >= start) & (cells < start + side)
