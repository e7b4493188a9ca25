"""Truth arrays in Darknet's layout, and what a head's loss returns."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class HeadLoss:
    """delta: (N, C, H, W), the NEGATIVE gradient at the head's input. cost: what Darknet shows.

    metrics: the numbers of the head's log line by name (averages over `count` boxes).
    """

    delta: Tensor
    cost: float
    metrics: dict[str, float]


@dataclass(frozen=True)
class Targets:
    """The labelled boxes of N images, padded to the most of one.

    boxes: (N, T, 4) x, y, w, h relative; classes: (N, T) int64; valid: (N, T) bool.
    """

    boxes: Tensor
    classes: Tensor
    valid: Tensor


def read_targets(array: Tensor, size: int) -> Targets:
    """Rows of `size` values (x y w h class [track]); an image's boxes end at the first x of 0."""
    rows = array.reshape(len(array), -1, size)
    valid = (rows[..., 0] != 0).to(torch.int8).cumprod(dim=1).bool()
    most = max(1, int(valid.sum(dim=1).max())) if valid.numel() else 1
    rows, valid = rows[:, :most], valid[:, :most]
    return Targets(rows[..., :4], rows[..., 4].long(), valid)
