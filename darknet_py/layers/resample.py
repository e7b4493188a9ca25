"""Upsample, reorg and reorg3d."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from darknet_py.cfg.options import option
from darknet_py.errors import BadOption
from darknet_py.layers.base import Layer, LayerContext, Run, Weights, require_positive
from darknet_py.layers.printed import Printed
from darknet_py.layers.sections import section
from darknet_py.layers.shape import ReceptiveField, Shape
from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F
else:
    torch, F = deferred("torch"), deferred("torch.nn.functional")


@section("upsample")
@dataclass(frozen=True, kw_only=True)
class Upsample(Layer):
    """Repeat every pixel `stride` times (a negative stride sums blocks), then times `scale`."""

    TOLD: ClassVar[Mapping[str, str]] = {"stride": "{0.stride}"}
    READS_IMAGES: ClassVar[bool] = True

    stride: int = option(2)
    scale: float = option(1.0)

    def shape(self, ctx: LayerContext) -> Shape:
        if not self.stride:
            raise BadOption(
                "read 0, expected a factor like 2 (or -2 to shrink)", self.location("stride")
            )
        if self.stride > 0:
            return Shape(ctx.input.c, ctx.input.h * self.stride, ctx.input.w * self.stride)
        if min(ctx.input.h, ctx.input.w) < -self.stride:
            raise self.shape_error(f"nothing is left of the input {ctx.input}", "stride")
        return Shape(ctx.input.c, ctx.input.h // -self.stride, ctx.input.w // -self.stride)

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        if self.stride > 0:
            x = F.interpolate(inputs[0], scale_factor=self.stride, mode="nearest")
        else:
            # The mean times their number: converted programs know no other divisor.
            x = F.avg_pool2d(inputs[0], -self.stride) * self.stride**2
        return x if self.scale == 1 else x * self.scale

    def receptive_field(self, inputs: Sequence[ReceptiveField]) -> ReceptiveField:
        # The C program divides by the stride where it is negative as well: a slip.
        if self.stride > 0:
            return inputs[0].enlarged(self.stride)
        return inputs[0].shrunk(-self.stride)

    def table_row(self, ctx: LayerContext, out: Shape) -> tuple[str, str]:
        return "", f"{abs(self.stride)}x" if self.stride > 0 else f"1/{-self.stride}x"

    def table_line(self, ctx: LayerContext, out: Shape) -> str:
        word = "upsample" if self.stride > 0 else "downsample"
        return f"{word:24}{abs(self.stride):2d}x  {ctx.input.column} -> {out.column}"

    def plain_line(self, ctx: LayerContext, out: Shape) -> str:
        word = "upsample" if self.stride > 0 else "downsample"
        return f"{word:19}{abs(self.stride):2d}x  {ctx.input.column}   ->  {out.column}"


@dataclass(frozen=True, kw_only=True)
class _Reorg(Layer):
    """The shape rule both reorg kinds share: pixels to channels, or back with reverse=1."""

    TOLD: ClassVar[Mapping[str, str]] = {"stride": "{0.stride}"}
    READS_IMAGES: ClassVar[bool] = True

    stride: int = option(1)
    reverse: int = option(0)

    def _moved(self, into: Shape) -> Shape:
        require_positive(self, stride=self.stride)
        s = self.stride
        if self.reverse:
            if into.c % (s * s):
                raise self.shape_error(
                    f"stride={s} needs channels divisible by {s * s}, got {into}", "stride"
                )
            return Shape(into.c // (s * s), into.h * s, into.w * s)
        if into.h % s or into.w % s:
            raise self.shape_error(f"stride={s} does not divide the input {into}", "stride")
        return Shape(into.c * s * s, into.h // s, into.w // s)

    def shape(self, ctx: LayerContext) -> Shape:
        return self._moved(ctx.input)

    def receptive_field(self, inputs: Sequence[ReceptiveField]) -> ReceptiveField:
        # The C program takes [reorg3d] for an upsample, though it shrinks: a slip.
        if self.reverse:
            return inputs[0].enlarged(self.stride)
        return inputs[0].shrunk(self.stride)

    def table_row(self, ctx: LayerContext, out: Shape) -> tuple[str, str]:
        return "", f"/ {self.stride}"


@section("reorg")
@dataclass(frozen=True, kw_only=True)
class Reorg(_Reorg):
    """YOLOv2's reorg: space to depth over a reinterpreted buffer, as its weights were trained.

    flatten=1 turns CHW into HWC; extra=n appends n zeros to the flat input.
    """

    LINE: ClassVar[str] = "reorg_old              /{layer.stride:2d}  {x.column}   ->  {y.column}"

    flatten: int = option(0)
    extra: int = option(0, low=0)

    def plain_line(self, ctx: LayerContext, out: Shape) -> str:
        if self.extra:
            return f"reorg              {ctx.input.size:4d}   ->  {out.size:4d}"
        return f"reorg              /{self.stride:2d}  {ctx.input.column}   ->  {out.column}"

    def told(self, ctx: LayerContext) -> Iterator[Printed]:
        if not ctx.fork.log.plain_table:
            yield Printed("\n reorg_old \n", on_stdout=True)
        yield from super().told(ctx)

    def flat(self, ctx: LayerContext) -> bool:
        return bool(self.extra)

    def shape(self, ctx: LayerContext) -> Shape:
        if self.extra:
            return Shape(ctx.input.size + self.extra, 1, 1)
        out = self._moved(ctx.input)
        if not self.flatten and ctx.input.c % self.stride**2:
            message = f"stride={self.stride} needs channels divisible by {self.stride**2}"
            message += f", got {ctx.input}"
            raise self.shape_error(message, "stride")
        return out

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        x = inputs[0]
        if self.extra:
            return F.pad(x.flatten(1), (0, self.extra))[:, :, None, None]
        out = self._moved(Shape(*x.shape[1:]))
        if self.flatten:
            return self._by_channels(x).reshape(-1, *out)
        return (self._gather(x) if self.reverse else self._scatter(x)).reshape(-1, *out)

    def _by_channels(self, x: torch.Tensor) -> torch.Tensor:
        n, c, h, w = x.shape
        if self.reverse:
            return x.reshape(n, h * w, c).transpose(1, 2)
        return x.reshape(n, c, h * w).transpose(1, 2)

    def _scatter(self, x: torch.Tensor) -> torch.Tensor:
        """out[i + W(j + H k)] = in[(i s + o % s) + W s ((j s + o / s) + H s (k mod C/s^2))]."""
        n, c, h, w = x.shape
        s = self.stride
        blocks = x.reshape(n, c // (s * s), h, s, w, s)
        return blocks.permute(0, 3, 5, 1, 2, 4)

    def _gather(self, x: torch.Tensor) -> torch.Tensor:
        """The inverse of `_scatter` on the same counts: C's reverse swaps the two sides."""
        n, c, h, w = x.shape
        s = self.stride
        blocks = x.reshape(n, s, s, c // (s * s), h, w)
        return blocks.permute(0, 3, 4, 1, 5, 2)


@section("reorg3d")
@dataclass(frozen=True, kw_only=True)
class Reorg3d(_Reorg):
    """Space to depth: out[(y s + x) C + c] is pixel (y, x) of each block of channel c.

    reverse=1 is not the way back: AlexeyAB's program runs YOLOv2's shuffle on the output's shape.
    """

    LINE: ClassVar[str] = "reorg                    /{layer.stride:2d} {x.column} -> {y.column}"

    def shape(self, ctx: LayerContext) -> Shape:
        out = super().shape(ctx)
        if self.reverse and out.c % self.stride**2:
            message = f"stride={self.stride} needs channels divisible by {self.stride**4}"
            raise self.shape_error(f"{message} to reverse, got {ctx.input}", "stride")
        return out

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        n, c, h, w = inputs[0].shape
        s = self.stride
        if self.reverse:
            blocks = inputs[0].reshape(n, s, s, c // s**4, h * s, w * s)
            return blocks.permute(0, 3, 4, 1, 5, 2).reshape(n, c // (s * s), h * s, w * s)
        blocks = inputs[0].reshape(n, c, h // s, s, w // s, s)
        return blocks.permute(0, 3, 5, 1, 2, 4).reshape(n, c * s * s, h // s, w // s)
