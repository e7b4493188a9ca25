"""Cross-iteration batch normalisation: statistics over the sub-batches of an update so far.

AlexeyAB's GPU code alone has it, as cbn=1 (or batch_normalize=2) of [convolutional].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from darknet_py.layers.base import Run, Weights
from darknet_py.layers.normalize import (
    BATCHNORM_EPSILON,
    BATCHNORM_MOMENTUM,
    require_several,
    summed,
)
from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
else:
    torch = deferred("torch")


def cross_batchnorm(x: torch.Tensor, weights: Weights, run: Run, index: int) -> torch.Tensor:
    """Normalise x (N, C, H, W) in training; index: the layer's, under which the run keeps averages.

    Every sub-batch moves the rolling statistics, towards what it was normalised by: inference and
    files know no other ones. Raises DarknetError where there is a single value for each channel.
    """
    if not run.sync_batchnorm:
        require_several(x)
    full = x.to(torch.promote_types(x.dtype, torch.float32))
    with torch.no_grad():
        mean, variance = _statistics(full, run, index)
        weights["rolling_mean"].lerp_(mean, BATCHNORM_MOMENTUM)
        weights["rolling_variance"].lerp_(variance, BATCHNORM_MOMENTUM)
        root = torch.rsqrt(variance + BATCHNORM_EPSILON)
    shares = _with_their_gradient((full - _wide(mean)) * _wide(root), run)
    return (shares * _wide(weights["scales"]) + _wide(weights["biases"])).to(x.dtype)


def _statistics(x: torch.Tensor, run: Run, index: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and variance of each channel, the means of those of the sub-batches until this one."""
    sums, count = _over_all(torch.stack([_sum(x), _sum(x * x)]), x, run)
    mean = sums[0] / count
    own = torch.stack([mean, sums[1] / (count - 1)])  # C divides the squares by one less
    kept = run.progress.averages.get(index) if run.progress else None
    if run.progress and kept is not None:
        own = torch.lerp(kept, own, 1 / run.progress.part)
        kept.copy_(own)
    # Below 0 by rounding, where a channel is constant.
    return own[0], (own[1] - own[0] * own[0]).clamp(min=0)


def _with_their_gradient(shares: torch.Tensor, run: Run) -> torch.Tensor:
    """The same values, with the gradient that cuDNN gives them for the statistics it is handed.

    It takes the averages for this sub-batch's own: what reaches a channel loses its mean and its
    part along the shares. The gradient of the averages themselves would lose 1 / part of that.
    """
    fixed = shares.detach()
    sums, count = _over_all(torch.stack([_sum(shares), _sum(shares * fixed)]), shares, run)
    pull = (sums - sums.detach()) / count
    return shares - _wide(pull[0]) - _wide(pull[1]) * fixed


def _over_all(
    sums: torch.Tensor, x: torch.Tensor, run: Run
) -> tuple[torch.Tensor, torch.Tensor | int]:
    """Sums (2, C) over x, and of how many values; of all processes where they share statistics."""
    count = x.numel() // x.shape[1]
    if not run.sync_batchnorm:
        return sums, count
    sums = summed(torch.cat([sums, torch.full_like(sums[:1], count)]))
    return sums[:2], sums[2].detach()


def _sum(x: torch.Tensor) -> torch.Tensor:
    return x.sum((0, 2, 3))


def _wide(values: torch.Tensor) -> torch.Tensor:
    return values[:, None, None]
