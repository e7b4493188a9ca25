"""The most floating point operations a second this machine does in a product of matrices."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import Tensor

SIZES = (256, 512, 1024, 2048, 4096, 8192)
SECONDS = 0.15
"""Spent on each size; those of which a single product would take longer are left out."""
FEWEST = 3


def matmul_peak(
    device: torch.device,
    dtype: torch.dtype,
    sizes: tuple[int, ...] = SIZES,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """FLOP/s of torch.mm of square matrices, the best of all sizes."""
    best = 0.0
    for size in sizes:
        # Judged by the best so far: one slow product on a busy machine must not end the search.
        if best and 2 * size**3 / best > SECONDS:
            break
        best = max(best, 2 * size**3 / _fastest(size, device, dtype, clock))
    return best


def _fastest(
    size: int, device: torch.device, dtype: torch.dtype, clock: Callable[[], float]
) -> float:
    """Seconds of the fastest of several products, the first of which is not counted."""
    a, b = (torch.rand(size, size, device=device).to(dtype) for _ in range(2))
    out = torch.empty_like(a)
    _multiply(a, b, out)
    times: list[float] = []
    while len(times) < FEWEST or sum(times) < SECONDS:
        start = clock()
        _multiply(a, b, out)
        times.append(clock() - start)
    return min(times)


def _multiply(a: Tensor, b: Tensor, out: Tensor) -> None:
    torch.mm(a, b, out=out)
    synchronize(a.device)


def synchronize(device: torch.device) -> None:
    """Wait until the device has done all it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
