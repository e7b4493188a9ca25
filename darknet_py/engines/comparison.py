"""Whether two engines give the same heads."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from darknet_py.network.graph import Graph

TOLERANCES = {"fp32": 1e-3, "tf32": 1e-2, "fp16": 1e-2, "bf16": 5e-2}
"""Precision -> how far two engines' heads may be apart, as a share of the largest value. What
differs by more is no rounding."""


def noise(graph: Graph, batch: int) -> Tensor:
    """Images (batch, C, H, W) in [0, 1), the same each time; the caller's random numbers stay."""
    generator = torch.Generator().manual_seed(0)
    return torch.rand(batch, *graph.net.input, generator=generator)


def differences(heads: Sequence[Tensor], expected: Sequence[Tensor]) -> list[float]:
    """The largest difference of each head's values, as a share of the largest value expected.

    Infinite where shapes differ and where a value is not finite.
    """
    return [_difference(a.cpu(), b.cpu()) for a, b in zip(heads, expected, strict=True)]


def _difference(head: Tensor, expected: Tensor) -> float:
    if head.shape != expected.shape:
        return math.inf
    largest = float(expected.abs().max()) or 1.0
    share = float((head - expected).abs().max()) / largest
    return share if math.isfinite(share) else math.inf
