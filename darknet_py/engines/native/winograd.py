"""The kernels of 3x3 convolutions as Winograd's F(4x4, 3x3) multiplies with them."""

from __future__ import annotations

import functools
from math import prod

import torch
from torch import Tensor

NEAR, FAR = 0.5**0.5, 2**0.5
PLACES = (0.0, NEAR, -NEAR, FAR, -FAR)
"""Where the polynomials are evaluated, and at infinity; winograd.h has the same."""


@functools.cache
def _evaluation() -> Tensor:
    """(6, 3): three taps to six points, divided by what the transform of the input leaves out."""
    rows = []
    for place in PLACES:
        scale = prod(place - other for other in PLACES if other != place)
        rows.append([1 / scale, place / scale, place**2 / scale])
    return torch.tensor([*rows, [0.0, 0.0, 1.0]], dtype=torch.float64)


def winograd_weights(kernel: Tensor) -> Tensor:
    """kernel (outputs, inputs, 3, 3) as (36, inputs, outputs) float32, worked out in float64."""
    points = _evaluation()
    half = torch.einsum("pa,oiab->oipb", points, kernel.double())
    return torch.einsum("qb,oipb->pqio", points, half).flatten(0, 1).float()
