"""[local]: a convolution with weights of its own at every pixel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from darknet_py.cfg.options import option
from darknet_py.layers.activations import ACTIVATIONS, activate
from darknet_py.layers.base import Layer, LayerContext, Run, Stored, Weights, require_positive
from darknet_py.layers.sections import section
from darknet_py.layers.shape import ReceptiveField, Shape
from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F
else:
    torch, F = deferred("torch"), deferred("torch.nn.functional")


@section("local")
@dataclass(frozen=True, kw_only=True)
class Local(Layer):
    """Unshared convolution; `pad` is a number of pixels here, and each output has its own bias."""

    TOLD: ClassVar[Mapping[str, str]] = {
        "filters": "{0.filters}",
        "size": "{0.size}",
        "stride": "{0.stride}",
        "pad": "{0.pad}",
        "activation": "{0.activation}",
    }
    READS_IMAGES: ClassVar[bool] = True
    LINE: ClassVar[str] = (
        "Local Layer: {x.h} x {x.w} x {x.c} image, {layer.filters} filters"
        " -> {y.h} x {y.w} x {y.c} image"
    )

    filters: int = option(1)
    size: int = option(1)
    stride: int = option(1)
    pad: int = option(0, low=0)
    activation: str = option("logistic", words=ACTIVATIONS)

    def shape(self, ctx: LayerContext) -> Shape:
        require_positive(self, filters=self.filters, size=self.size, stride=self.stride)
        if min(ctx.input.h, ctx.input.w) + 2 * self.pad < self.size:
            message = f"a {self.size}x{self.size} kernel does not fit into the input {ctx.input}"
            raise self.shape_error(message, "size")
        if self.pad >= min(self._reached(self._count(side)) for side in ctx.input[1:]):
            raise self.shape_error("its last window ends before the image begins", "pad")
        return Shape(self.filters, self._count(ctx.input.h), self._count(ctx.input.w))

    def _reached(self, count: int) -> int:
        """Pixels that so many windows span, padding included."""
        return (count - 1) * self.stride + self.size

    def _count(self, side: int) -> int:
        # Darknet's rule for [local]: with padding the kernel's size does not enter.
        return (side - 1 if self.pad else side - self.size) // self.stride + 1

    def stored(self, ctx: LayerContext) -> Iterator[Stored]:
        out = self.shape(ctx)
        inside = ctx.input.c * self.size**2
        yield Stored("biases", tuple(out), "bias")
        shape = (out.h * out.w, self.filters, inside)
        yield Stored("weights", shape, "weight", fan_in=inside)

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        out = self.shape(ctx)
        patches = self._patches(inputs[0], out)
        x = torch.einsum("nkl,lfk->nfl", patches, weights["weights"])
        return activate(self.activation, x.reshape(-1, *out) + weights["biases"], fresh=True)

    def _patches(self, x: torch.Tensor, out: Shape) -> torch.Tensor:
        """(N, channels * size * size, positions): im2col, with zeros beyond every edge it reads."""
        need_h, need_w = self._reached(out.h), self._reached(out.w)
        bottom, right = need_h - self.pad - x.shape[2], need_w - self.pad - x.shape[3]
        padded = F.pad(x, (self.pad, right, self.pad, bottom))
        return F.unfold(padded, self.size, stride=self.stride)

    def fixed_size(self, ctx: LayerContext) -> str:
        return "it has weights for every pixel"

    def receptive_field(self, inputs: Sequence[ReceptiveField]) -> ReceptiveField:
        return inputs[0].windowed(self.size, self.stride)

    def flops(self, ctx: LayerContext, out: Shape) -> float:
        return 2.0 * out.size * ctx.input.c * self.size**2

    def table_row(self, ctx: LayerContext, out: Shape) -> tuple[str, str]:
        return str(self.filters), f"{self.size} x {self.size}/ {self.stride}"
