"""Batch, local response and L2 normalisation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from darknet_py.cfg.options import option
from darknet_py.errors import DarknetError
from darknet_py.forks import Fork
from darknet_py.layers.base import Layer, LayerContext, Run, Stored, Weights
from darknet_py.layers.sections import section
from darknet_py.layers.shape import ReceptiveField, Shape
from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
    import torch.distributed.nn.functional as collectives
    import torch.nn.functional as F
else:
    torch, F = deferred("torch"), deferred("torch.nn.functional")
    collectives = deferred("torch.distributed.nn.functional")

BATCHNORM_EPSILON = 1e-5
BATCHNORM_MOMENTUM = 0.01
"""Both forks' cuDNN path: epsilon inside the root, biased variance to normalise, unbiased variance
kept at .99/.01."""


def batchnorm_stored(channels: int) -> Iterator[Stored]:
    """scales, rolling_mean, rolling_variance, as every layer with batch_normalize stores them."""
    yield Stored("scales", (channels,), "scale")
    yield Stored("rolling_mean", (channels,), "mean")
    yield Stored("rolling_variance", (channels,), "variance")


def batchnorm(x: torch.Tensor, weights: Weights, run: Run) -> torch.Tensor:
    """Normalise x (N, C, ...) over all but C; in training the rolling statistics move,
    unless the run takes these.

    Raises DarknetError where training gives a single value for each channel.
    """
    by_batch = run.training and not run.rolling_statistics
    if by_batch and run.sync_batchnorm:
        return _sync_batchnorm(x, weights)
    if by_batch:
        require_several(x)
    return F.batch_norm(
        x,
        weights["rolling_mean"],
        weights["rolling_variance"],
        weights["scales"],
        weights["biases"],
        by_batch,
        BATCHNORM_MOMENTUM,
        BATCHNORM_EPSILON,
    )


def require_several(x: torch.Tensor) -> None:
    """Raises DarknetError where x (N, C, ...) has a single value for each channel."""
    if x.numel() == x.shape[1]:
        message = f"batch normalisation of {x.shape[1]} channels gets a single value for each"
        cure = "raise batch or lower subdivisions in [net]"
        raise DarknetError(f"{message}, of which nothing is left; {cure}")


def _sync_batchnorm(x: torch.Tensor, weights: Weights) -> torch.Tensor:
    """The same with mean and variance over all processes; torch's own layer needs CUDA."""
    over = [axis for axis in range(x.dim()) if axis != 1]
    count = torch.tensor(float(x.numel() // x.shape[1]), device=x.device)
    total = summed(torch.cat([x.float().sum(over), count[None]]))
    mean, number = total[:-1] / total[-1], float(total[-1])
    shape = [1, -1, *[1] * (x.dim() - 2)]
    away = x.float() - mean.view(shape)
    variance = summed((away * away).sum(over)) / number
    with torch.no_grad():
        weights["rolling_mean"].lerp_(mean, BATCHNORM_MOMENTUM)
        unbiased = variance * (number / max(1.0, number - 1))
        weights["rolling_variance"].lerp_(unbiased, BATCHNORM_MOMENTUM)
    factor = weights["scales"] / torch.sqrt(variance + BATCHNORM_EPSILON)
    return (away * factor.view(shape) + weights["biases"].view(shape)).to(x.dtype)


def summed(values: torch.Tensor) -> torch.Tensor:
    """The sum over all processes, with its gradient."""
    total: torch.Tensor = collectives.all_reduce(values)
    return total


def fold_batchnorm(weights: Mapping[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights (out, ...) and biases (out,) that do the same without batch normalisation.

    Computed in double and stored as float, as AlexeyAB's fuse_conv_batchnorm does.
    """
    variance = weights["rolling_variance"].double()
    factor = weights["scales"].double() / torch.sqrt(variance + BATCHNORM_EPSILON)
    folded = weights["weights"].double() * factor.reshape(-1, *[1] * (weights["weights"].dim() - 1))
    biases = weights["biases"].double() - weights["rolling_mean"].double() * factor
    return folded.to(weights["weights"].dtype), biases.to(weights["biases"].dtype)


@section("batchnorm")
@dataclass(frozen=True, kw_only=True)
class Batchnorm(Layer):
    """Batch normalisation as a layer of its own."""

    LINE: ClassVar[str] = "Batch Normalization Layer: {x.w} x {x.h} x {x.c} image"

    def stored(self, ctx: LayerContext) -> Iterator[Stored]:
        yield Stored("biases", (ctx.input.c,), "bias", in_file=ctx.fork.weights.batchnorm_biases)
        yield from batchnorm_stored(ctx.input.c)

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        return batchnorm(inputs[0], weights, run)

    def trains(self, fork: Fork) -> bool:
        """pjreddie's program never moves them, as it never writes the biases to a file."""
        return fork.weights.batchnorm_biases


@section("normalization", "lrn")
@dataclass(frozen=True, kw_only=True)
class Normalization(Layer):
    """Local response normalisation over neighbouring channels."""

    TOLD: ClassVar[Mapping[str, str]] = {
        "alpha": "{0.alpha:f}",
        "beta": "{0.beta:f}",
        "kappa": "{0.kappa:f}",
        "size": "{0.size}",
    }
    LINE: ClassVar[str] = (
        "Local Response Normalization Layer: {x.w} x {x.h} x {x.c} image, {layer.size} size"
    )

    alpha: float = option(0.0001)
    beta: float = option(0.75)
    kappa: float = option(1.0)
    size: int = option(5, low=1)

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        return inputs[0] * self._norms(inputs[0] ** 2) ** -self.beta

    def _norms(self, squared: torch.Tensor) -> torch.Tensor:
        """Darknet's sliding window: channel size//2 is never added, yet later taken away."""
        ahead, behind = self.size // 2, (self.size - 1) // 2 + 1
        steps = torch.zeros_like(squared)
        steps[:, :1] = squared[:, :ahead].sum(dim=1, keepdim=True)
        channels = squared.shape[1]
        if channels > ahead + 1:
            steps[:, 1 : channels - ahead] += squared[:, 1 + ahead :]
        if channels > behind:
            steps[:, behind:] -= squared[:, : channels - behind]
        return self.kappa + self.alpha * steps.cumsum(dim=1)

    def receptive_field(self, inputs: Sequence[ReceptiveField]) -> ReceptiveField:
        return inputs[0].windowed(self.size)

    def table_row(self, ctx: LayerContext, out: Shape) -> tuple[str, str]:
        return "", str(self.size)


@section("l2norm")
@dataclass(frozen=True, kw_only=True)
class L2norm(Layer):
    """Divide each pixel's channels by their length (no epsilon, as in pjreddie's)."""

    LINE: ClassVar[str] = "l2norm                                         {x.size:4d}"

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        return inputs[0] / inputs[0].norm(dim=1, keepdim=True)
