"""[connected]: a full matrix over all inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
from darknet_py.layers.counted import Counted
from darknet_py.layers.normalize import batchnorm, batchnorm_stored, fold_batchnorm
from darknet_py.layers.sections import section
from darknet_py.layers.shape import Shape
from darknet_py.layers.weight_tool import ToolFacts, WeightTool
from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F
else:
    torch, F = deferred("torch"), deferred("torch.nn.functional")


@section("connected", "conn")
@dataclass(frozen=True, kw_only=True)
class Connected(Layer):
    """output = activation(W input + bias), with batch normalisation before the bias if asked."""

    TOLD: ClassVar[Mapping[str, str]] = {"output": "{0.output}", "activation": "{0.activation}"}
    COUNTED: ClassVar[Counted] = Counted.OPS
    TOOL_FACTS: ClassVar[ToolFacts] = ToolFacts(
        tools=~WeightTool.FILTERS,
        averaged=("biases", "weights"),
        title="Connected",
        parts={"": ""},
    )
    LINE: ClassVar[str] = "connected                            {x.size:4d}  ->  {y.c:4d}"

    output: int = option(1)
    activation: str = option("logistic", words=ACTIVATIONS)
    batch_normalize: int = option(0)

    def shape(self, ctx: LayerContext) -> Shape:
        require_positive(self, output=self.output)
        return Shape(self.output, 1, 1)

    def stored(self, ctx: LayerContext) -> Iterator[Stored]:
        yield from self.matrix(ctx.input.size)

    def matrix(self, inputs: int) -> Iterator[Stored]:
        """Biases, weights, then the batch-norm arrays, which convolutions store before weights."""
        yield Stored("biases", (self.output,), "bias")
        shape = (self.output, inputs)
        yield Stored("weights", shape, "weight", fan_in=inputs, transposed="old")
        if self.batch_normalize:
            yield from batchnorm_stored(self.output)

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        return self.apply(weights, inputs[0].flatten(1), run)[:, :, None, None]

    def apply(self, weights: Weights, x: torch.Tensor, run: Run) -> torch.Tensor:
        """(rows, inputs) -> (rows, output)."""
        bias = None if self.batch_normalize else weights["biases"]
        x = F.linear(x, weights["weights"], bias)
        if self.batch_normalize:
            x = batchnorm(x, weights, run)
        y = activate(self.activation, x, fresh=True)
        return run.limit_delta(y) if run.limit_delta else y

    def folded(self, ctx: LayerContext, weights: Weights) -> tuple[Layer, dict[str, torch.Tensor]]:
        if not self.batch_normalize:
            return self, dict(weights)
        matrix, biases = fold_batchnorm(weights)
        return replaced(self, batch_normalize=0), {"biases": biases, "weights": matrix}

    def fixed_size(self, ctx: LayerContext) -> str:
        return "its matrix fits one input size"

    def flops(self, ctx: LayerContext, out: Shape) -> float:
        return 2.0 * ctx.input.size * self.output

    def noted_sides(self, ctx: LayerContext) -> tuple[int, int]:
        return 1, 1

    def table_row(self, ctx: LayerContext, out: Shape) -> tuple[str, str]:
        return str(self.output), ""
