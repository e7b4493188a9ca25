"""[deconvolutional]: a transposed convolution (pjreddie's fork)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from darknet_py.cfg.options import option
from darknet_py.layers.activations import ACTIVATIONS, activate
from darknet_py.layers.base import (
    Layer,
    LayerContext,
    Run,
    Stored,
    Weights,
    replaced,
    require_positive,
)
from darknet_py.layers.normalize import batchnorm, batchnorm_stored, fold_batchnorm
from darknet_py.layers.sections import section
from darknet_py.layers.shape import ReceptiveField, Shape
from darknet_py.layers.torch_kernels import convolve_transposed
from darknet_py.layers.weight_tool import ToolFacts, WeightTool

if TYPE_CHECKING:
    import torch


@section("deconvolutional", "deconv")
@dataclass(frozen=True, kw_only=True)
class Deconvolutional(Layer):
    """Transposed convolution, optional batch normalisation, activation (pjreddie's fork)."""

    READS_IMAGES: ClassVar[bool] = True
    TOOL_FACTS: ClassVar[ToolFacts] = ToolFacts(tools=WeightTool.DENORMALIZE, filter_axis=1)
    LINE: ClassVar[str] = (
        "deconv{layer.filters:5d} {layer.size:2d} x{layer.size:2d} /{layer.stride:2d}  "
        "{x.column}   ->  {y.column}"
    )

    filters: int = option(1)
    size: int = option(1)
    stride: int = option(1)
    pad: int = option(0)
    padding: int = option(0, low=0)
    batch_normalize: int = option(0)
    activation: str = option("logistic", words=ACTIVATIONS)

    @property
    def margin(self) -> int:
        return self.size // 2 if self.pad else self.padding

    def shape(self, ctx: LayerContext) -> Shape:
        require_positive(self, filters=self.filters, size=self.size, stride=self.stride)
        grow = self.size - 2 * self.margin
        height, width = ((side - 1) * self.stride + grow for side in (ctx.input.h, ctx.input.w))
        if height < 1 or width < 1:
            raise self.shape_error(
                f"nothing is left of the input {ctx.input} after the padding", "padding"
            )
        return Shape(self.filters, height, width)

    def stored(self, ctx: LayerContext) -> Iterator[Stored]:
        yield Stored("biases", (self.filters,), "bias")
        if self.batch_normalize:
            yield from batchnorm_stored(self.filters)
        shape = (ctx.input.c, self.filters, self.size, self.size)
        yield Stored("weights", shape, "weight", fan_in=ctx.input.c * self.size**2)

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        bias = None if self.batch_normalize else weights["biases"]
        kernel = weights["weights"]
        x = convolve_transposed(inputs[0], kernel, bias, self.stride, self.margin)
        if self.batch_normalize:
            x = batchnorm(x, weights, run)
        return activate(self.activation, x, fresh=True)

    def folded(self, ctx: LayerContext, weights: Weights) -> tuple[Layer, dict[str, torch.Tensor]]:
        if not self.batch_normalize:
            return self, dict(weights)
        by_filter = {**weights, "weights": weights["weights"].transpose(0, 1)}
        kernel, biases = fold_batchnorm(by_filter)
        kernel = kernel.transpose(0, 1).contiguous()
        return replaced(self, batch_normalize=0), {"biases": biases, "weights": kernel}

    def flops(self, ctx: LayerContext, out: Shape) -> float:
        return 2.0 * self.filters * ctx.input.c * self.size**2 * ctx.input.h * ctx.input.w

    def receptive_field(self, inputs: Sequence[ReceptiveField]) -> ReceptiveField:
        return inputs[0].enlarged(self.stride)

    def table_row(self, ctx: LayerContext, out: Shape) -> tuple[str, str]:
        return str(self.filters), f"{self.size} x {self.size}/ {self.stride}"
