"""What a loss takes to the device, without making the host wait for it.

On a GPU each small copy costs more than the arithmetic it is for: constants go there once, all that
the host has worked out of the labels goes there in one piece.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from darknet_py.layers.device_constant import DeviceConstant

ALIGNMENT = 16
"""Bytes between the beginnings of tensors that travel together: any type can be read there."""
MOST_CONSTANTS = 1024


@functools.lru_cache(maxsize=MOST_CONSTANTS)
def _kept(values: tuple[Any, ...]) -> DeviceConstant:
    return DeviceConstant(values)


def constant(values: Sequence[Any], like: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    """Numbers, or rows of them, as a tensor beside another, made once and shared: read only.

    dtype: that of the other unless given.
    """
    return _kept(tuple(values)).on(like.device, dtype or like.dtype)


@functools.lru_cache(maxsize=MOST_CONSTANTS)
def cell_grid(height: int, width: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Column and row of each cell (H, W, 2), made once and shared: read only."""
    rows, columns = torch.meshgrid(
        torch.arange(height, device=device), torch.arange(width, device=device), indexing="ij"
    )
    return torch.stack([columns, rows], dim=-1).to(dtype)


def sent(tensors: Sequence[Tensor], device: torch.device) -> tuple[Tensor, ...]:
    """Tensors of the host on a device, by one copy that nobody waits for."""
    if device.type == "cpu":
        return tuple(tensors)
    parts = [tensor.contiguous().view(-1).view(torch.uint8) for tensor in tensors]
    starts = [0]
    for part in parts:
        starts.append(starts[-1] - (-len(part) // ALIGNMENT) * ALIGNMENT)
    # Only from pinned memory can a copy go on by itself; torch keeps such memory for the next one.
    pinned = device.type == "cuda"
    packed = torch.empty(starts[-1], dtype=torch.uint8, device="cpu", pin_memory=pinned)
    for start, part in zip(starts, parts, strict=False):
        packed[start : start + len(part)] = part
    there = packed.to(device, non_blocking=True)
    return tuple(
        there[start : start + len(part)].view(tensor.dtype).view(tensor.shape)
        for start, part, tensor in zip(starts, parts, tensors, strict=False)
    )
