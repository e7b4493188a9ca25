"""[shortcut]: adds earlier layers to the previous one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from darknet_py.cfg.options import option
from darknet_py.errors import BadOption, Problems
from darknet_py.layers.activations import ACTIVATIONS, activate
from darknet_py.layers.base import Layer, LayerContext, Run, Stored, Weights
from darknet_py.layers.counted import Counted
from darknet_py.layers.printed import Printed
from darknet_py.layers.references import resolve_all
from darknet_py.layers.sections import section
from darknet_py.layers.shape import Shape
from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F
else:
    torch, F = deferred("torch"), deferred("torch.nn.functional")

SUM_EPSILON = 1e-4
"""Keeps the sum of normalised shortcut weights away from 0."""
RELU_FLOOR = 1e-3
"""Least value of a shortcut weight under weights_normalization=relu: the GPU path's rule."""
WEIGHTS_TYPES = {"none": 0, "per_feature": 1, "per_layer": 1, "per_channel": 2}
NORMALIZATIONS = ("none", "relu", "avg_relu", "softmax")


@section("shortcut")
@dataclass(frozen=True, kw_only=True)
class Shortcut(Layer):
    """Add earlier layers to the previous one, each with a trained weight if asked."""

    TOLD: ClassVar[Mapping[str, str]] = {"activation": "{0.activation}"}
    COUNTED: ClassVar[Counted] = Counted.TOTAL

    source: tuple[int, ...] = option((), key="from")
    activation: str = option("linear", words=ACTIVATIONS)
    alpha: float = option(1.0)
    beta: float = option(1.0)
    weights_type: str = option("none", words=WEIGHTS_TYPES)
    weights_normalization: str = option("none", words=NORMALIZATIONS)

    def references(self, index: int) -> tuple[int, ...]:
        if not self.source:
            raise BadOption("needs from=, the layer to add", self.location())
        if index == 0:
            raise self.shape_error("layer 0 has no previous layer to add to")
        return (index - 1, *resolve_all(self, "from", self.source, index))

    def shape(self, ctx: LayerContext) -> Shape:
        for index, shape in zip(self.references(ctx.index)[1:], ctx.inputs[1:], strict=True):
            if not self._fits(ctx.input, shape):
                message = f"layer {index} is {shape}, the previous layer {ctx.input}"
                raise self.shape_error(f"{message}; widths and heights must agree", "from")
        return ctx.input

    def _fits(self, into: Shape, shape: Shape) -> bool:
        """Unlike sizes are joined by pjreddie's sampling, if one ratio serves both directions."""
        if (shape.h, shape.w) == (into.h, into.w):
            return True
        y, x = _steps(into, shape)
        return y == x and len(self.source) == 1 and self.weights_type == "none"

    def _rows(self, ctx: LayerContext) -> int:
        return len(self.source) + 1

    def stored(self, ctx: LayerContext) -> Iterator[Stored]:
        columns = {0: 0, 1: 1, 2: ctx.input.c}[WEIGHTS_TYPES[self.weights_type]]
        if columns:
            yield Stored("weights", (self._rows(ctx), columns), "shortcut")

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        if "weights" in weights:
            out = self._weighted(self._normalized(weights["weights"]), inputs)
        elif inputs[0].shape[2:] != inputs[1].shape[2:] or self._factors(ctx) != (1, 1):
            out = self._scaled(inputs, self._factors(ctx))
        else:
            out = self._sum(inputs)
        return activate(self.activation, out, fresh=True)

    def _factors(self, ctx: LayerContext) -> tuple[float, float]:
        return (self.alpha, self.beta) if ctx.fork.layers.shortcut_alpha else (1, 1)

    def _sum(self, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        out = inputs[0]
        for other in inputs[1:]:
            out = out + _like_channels(other, out)
        return out

    def _weighted(self, factors: torch.Tensor, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        out = inputs[0] * factors[0][None, :, None, None]
        for factor, other in zip(factors[1:], inputs[1:], strict=True):
            out = out + _like_channels(other, out) * factor[None, :, None, None]
        return out

    def _normalized(self, factors: torch.Tensor) -> torch.Tensor:
        if self.weights_normalization == "softmax":
            factors = torch.exp(factors - factors.amax(dim=0, keepdim=True))
        elif self.weights_normalization == "none":
            return factors
        else:
            factors = factors.clamp(min=RELU_FLOOR)
        return factors / (SUM_EPSILON + factors.sum(dim=0, keepdim=True))

    def _scaled(self, inputs: Sequence[torch.Tensor], factors: tuple[float, float]) -> torch.Tensor:
        """The sum with alpha on the previous layer and beta on every other."""
        out = self._sampled(inputs[0], inputs[1], factors)
        for other in inputs[2:]:
            out = self._sampled(out, other, (1, factors[1]))
        return out

    def _sampled(
        self, out: torch.Tensor, other: torch.Tensor, factors: tuple[float, float]
    ) -> torch.Tensor:
        """pjreddie's rule: out[::sample] = alpha * out + beta * other[::stride], the rest stays."""
        into = Shape(*(int(size) for size in out.shape[1:]))
        source = Shape(*(int(size) for size in other.shape[1:]))
        (stride, sample), _ = _steps(into, source)
        # The C loop visits min(width) x min(height) pixels of both, however far they are apart.
        c, h, w = (min(a, b) for a, b in zip(into, source, strict=True))
        pixels = out[:, :c, : h * sample : sample, : w * sample : sample]
        added = other[:, :c, : h * stride : stride, : w * stride : stride]
        return _pasted(factors[0] * pixels + factors[1] * added, out, into, sample)

    def fixed_size(self, ctx: LayerContext) -> str:
        sides = {(shape.h, shape.w) for shape in ctx.inputs}
        return "it joins unlike sizes pixel by pixel" if len(sides) > 1 else ""

    def flops(self, ctx: LayerContext, out: Shape) -> float:
        count = float(out.size * len(self.source))
        return 2 * count if WEIGHTS_TYPES[self.weights_type] else count

    def table_row(self, ctx: LayerContext, out: Shape) -> tuple[str, str]:
        return " ".join(str(index) for index in self.references(ctx.index)[1:]), ""

    def table_line(self, ctx: LayerContext, out: Shape) -> str:
        added = "".join(f"{index}, " for index in self.references(ctx.index)[1:])
        kind = WEIGHTS_TYPES[self.weights_type]
        norm = {"none": 0, "softmax": 2}.get(self.weights_normalization, 1)
        cost = f"{self.flops(ctx, out) / 1e9:5.3f} BF"
        return f"Shortcut Layer: {added} wt = {kind}, wn = {norm}, outputs:{out.column} {cost}"

    def plain_line(self, ctx: LayerContext, out: Shape) -> str:
        index, added = self.references(ctx.index)[1], ctx.inputs[1]
        return f"res  {index:3d}                {added.column}   ->  {out.column}"

    def printed(self, ctx: LayerContext, out: Shape) -> Iterator[Printed]:
        yield from super().printed(ctx, out)
        for shape in ctx.inputs[1:]:
            if shape != ctx.input:
                yield Printed(f" ({ctx.input.column}) + ({shape.column}) \n")

    def check(self, ctx: LayerContext, problems: Problems) -> None:
        if ctx.fork.layers.shortcut_alpha and len(self.source) > 1:
            message = "several layers: pjreddie's program adds only the first; all are added here"
            problems.warn(self.location("from"), message)
        if WEIGHTS_TYPES[self.weights_type] and self.weights_normalization == "none":
            message = (
                "AlexeyAB's program wants weights_normalization=relu or softmax here and stops"
            )
            problems.warn(
                self.location("weights_type"), f"{message}; the weights are used as they are"
            )
        if (self.alpha, self.beta) != (1, 1) and not ctx.fork.layers.shortcut_alpha:
            key = "alpha" if self.alpha != 1 else "beta"
            problems.note(self.location(key), "no effect here: only pjreddie's program reads it")
        if any((shape.h, shape.w) != (ctx.input.h, ctx.input.w) for shape in ctx.inputs):
            message = "joins unlike sizes by pjreddie's rule; AlexeyAB's program stops here"
            problems.note(self.location("from"), message)


def _steps(into: Shape, source: Shape) -> tuple[tuple[int, int], tuple[int, int]]:
    """(stride, sample) in y and x: how far to step in the source and in the output, at least 1."""
    y = max(1, source.h // into.h), max(1, into.h // source.h)
    return y, (max(1, source.w // into.w), max(1, into.w // source.w))


def _pasted(values: torch.Tensor, out: torch.Tensor, shape: Shape, sample: int) -> torch.Tensor:
    """out with `values` at every `sample`th row and column of its first channels.

    Chosen, not written into a slice: a traced program would lose what is written.
    """
    c, h, w = (int(size) for size in values.shape[1:])
    if (c, h, w) == shape:
        return values
    spread = F.interpolate(values, scale_factor=sample) if sample > 1 else values
    spread = spread[:, :, : shape.h, : shape.w]
    right, bottom = shape.w - min(shape.w, w * sample), shape.h - min(shape.h, h * sample)
    spread = F.pad(spread, (0, right, 0, bottom, 0, shape.c - c))
    channel, row, column = (torch.arange(size, device=out.device) for size in shape)
    rows, columns = _every(row, sample, h), _every(column, sample, w)
    here = (channel < c)[:, None, None] & rows[:, None] & columns
    return torch.where(here, spread, out)


def _every(pixels: torch.Tensor, sample: int, count: int) -> torch.Tensor:
    return (pixels % sample == 0) & (pixels < count * sample)


def _like_channels(other: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    """The first channels of `other`, zero where it has fewer: C adds by flat index."""
    missing = out.shape[1] - other.shape[1]
    if missing > 0:
        return F.pad(other, (0, 0, 0, 0, 0, missing))
    return other[:, : out.shape[1]] if missing else other
