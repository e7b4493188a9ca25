"""Max pooling (also over channels, also antialiased), local and global average pooling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from darknet_py.cfg.options import option
from darknet_py.errors import Problems
from darknet_py.layers.base import (
    Layer,
    LayerContext,
    Run,
    Weights,
    require_positive,
)
from darknet_py.layers.blur import Blur, window_count
from darknet_py.layers.counted import Counted
from darknet_py.layers.device_constant import DeviceConstant
from darknet_py.layers.printed import Printed, shapes_and_cost
from darknet_py.layers.sections import section
from darknet_py.layers.shape import ReceptiveField, Shape
from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F
else:
    torch, F = deferred("torch"), deferred("torch.nn.functional")

MOST_WINDOW = 8192
"""Limit against hostile files: the input is padded by a window's size in both directions."""


@dataclass(frozen=True, kw_only=True)
class Pool(Layer):
    """The geometry max and local average pooling share.

    `padding` is the total of both sides and size-1 unless given; windows start at -(padding // 2).
    """

    TOLD: ClassVar[Mapping[str, str]] = {"stride": "{0.stride}", "size": "{0.window}"}
    READS_IMAGES: ClassVar[bool] = True
    COUNTED: ClassVar[Counted] = Counted.TOTAL | Counted.PUBLISHED

    stride: int = option(1, high=MOST_WINDOW)
    stride_x: int | None = option(None, high=MOST_WINDOW)
    stride_y: int | None = option(None, high=MOST_WINDOW)
    size: int | None = option(None, high=MOST_WINDOW)
    padding: int | None = option(None, low=0, high=MOST_WINDOW)

    @property
    def strides(self) -> tuple[int, int]:
        stride_y = self.stride if self.stride_y is None else self.stride_y
        return stride_y, self.stride if self.stride_x is None else self.stride_x

    @property
    def window(self) -> int:
        return self.stride if self.size is None else self.size

    @property
    def margin(self) -> int:
        return self.window - 1 if self.padding is None else self.padding

    def shape(self, ctx: LayerContext) -> Shape:
        require_positive(self, size=self.window, stride=min(self.strides))
        return self._pooled(ctx.input, self.strides)

    def _pooled(self, into: Shape, strides: tuple[int, int]) -> Shape:
        if min(into.h, into.w) + self.margin < self.window:
            message = f"a {self.window}x{self.window} window does not fit into the input {into}"
            raise self.shape_error(message, "size")
        height = window_count(into.h, self.window, strides[0], self.margin)
        return Shape(into.c, height, window_count(into.w, self.window, strides[1], self.margin))

    def pads(self, into: Shape, strides: tuple[int, int]) -> tuple[int, int, int, int]:
        """left, right, top, bottom: what the last window reaches beyond the far edges."""
        out = self._pooled(into, strides)
        near = self.margin // 2
        bottom = (out.h - 1) * strides[0] + self.window - near - into.h
        right = (out.w - 1) * strides[1] + self.window - near - into.w
        return near, max(0, right), near, max(0, bottom)

    def flops(self, ctx: LayerContext, out: Shape) -> float:
        return float(self.window**2 * ctx.input.c * out.h * out.w)

    def receptive_field(self, inputs: Sequence[ReceptiveField]) -> ReceptiveField:
        return inputs[0].windowed(self.window, max(self.strides))

    def table_row(self, ctx: LayerContext, out: Shape) -> tuple[str, str]:
        stride_y, stride_x = self.strides
        stride = str(stride_x) if stride_x == stride_y else f"{stride_x}x{stride_y}"
        return "", f"{self.window} x {self.window}/ {stride}"

    @property
    def word(self) -> str:
        """Its name in Darknet's table of layers."""
        raise NotImplementedError

    def table_line(self, ctx: LayerContext, out: Shape) -> str:
        return self._line(ctx, out, self.strides)

    def _line(self, ctx: LayerContext, out: Shape, strides: tuple[int, int]) -> str:
        (stride_y, stride_x), size = strides, self.window
        step = f"{self.word:18}{size:2d}x{size:2d}/{stride_x:2d}   "
        if stride_x != stride_y:
            step = f"{self.word:17}{size:2d}x{size:2d}/{stride_x:2d}x{stride_y:2d} "
        return step + shapes_and_cost(ctx.input, out, self.flops(ctx, out))


@section("maxpool", "max")
@dataclass(frozen=True, kw_only=True)
class Maxpool(Pool):
    """Largest value of each window; beyond the edges counts as minus infinity."""

    PLAIN_LINE: ClassVar[str] = (
        "max          {layer.window} x {layer.window} / {layer.strides[1]}  "
        "{x.column}   ->  {y.column}"
    )

    maxpool_depth: int = option(0)
    maxpool_zero_nonmax: int = option(0)
    out_channels: int = option(1)
    antialiasing: int = option(0)

    @cached_property
    def blur(self) -> Blur | None:
        stride_y, stride_x = self.strides
        return Blur(self.antialiasing, stride_x, stride_y) if self.antialiasing else None

    @property
    def _own_strides(self) -> tuple[int, int]:
        return (1, 1) if self.antialiasing else self.strides

    def shape(self, ctx: LayerContext) -> Shape:
        if self.maxpool_depth:
            require_positive(self, out_channels=self.out_channels)
            return Shape(self.out_channels, ctx.input.h, ctx.input.w)
        require_positive(self, size=self.window, stride=min(self.strides))
        full = self._pooled(ctx.input, self._own_strides)
        return self.blur.shape(full) if self.blur else full

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        if self.maxpool_depth:
            return self._over_channels(ctx.input.c, inputs[0])
        full = self._pool(ctx.input, inputs[0])
        if self.keeps_maxima(ctx):
            # Gradients as the values go. The GPU code hands a maximum those of its whole window.
            full = torch.where(inputs[0] == full, inputs[0], 0.0)
        return self.blur.finish(ctx, full, run) if self.blur else full

    def keeps_maxima(self, ctx: LayerContext) -> bool:
        """Whether values that are not the largest of their own window become 0 (AlexeyAB's GPU
        code), which outputs as many as inputs can tell."""
        asked = self.maxpool_zero_nonmax and ctx.fork.layers.maxpool_zero_nonmax
        return bool(asked) and not self.maxpool_depth and self._is_even(ctx)

    def _is_even(self, ctx: LayerContext) -> bool:
        return self._pooled(ctx.input, self._own_strides) == ctx.input

    def check(self, ctx: LayerContext, problems: Problems) -> None:
        if not self.maxpool_zero_nonmax:
            return
        if self.maxpool_depth or not self._is_even(ctx):
            cure = "it needs stride=1 and padding=size-1, so that each value has its own window"
            problems.warn(self.location("maxpool_zero_nonmax"), f"no effect: {cure}")

    def _pool(self, into: Shape, x: torch.Tensor) -> torch.Tensor:
        strides = self._own_strides
        left, right, top, bottom = self.pads(into, strides)
        if left == right == top == bottom and 2 * left <= self.window:
            return F.max_pool2d(x, self.window, strides, left)
        x = F.pad(x, (left, right, top, bottom), value=float("-inf"))
        return F.max_pool2d(x, self.window, strides)

    def _over_channels(self, channels: int, x: torch.Tensor) -> torch.Tensor:
        """out[g] = max over channels k with k % out_channels == g."""
        missing = -channels % self.out_channels
        x = F.pad(x, (0, 0, 0, 0, 0, missing), value=float("-inf"))
        return x.unflatten(1, (-1, self.out_channels)).amax(dim=1)

    def _full_shape(self, ctx: LayerContext, out: Shape) -> Shape:
        """Before the blur, which takes over the stride."""
        return self._pooled(ctx.input, self._own_strides) if self.antialiasing else out

    def flops(self, ctx: LayerContext, out: Shape) -> float:
        return super().flops(ctx, self._full_shape(ctx, out))

    @property
    def word(self) -> str:
        return "max-depth" if self.maxpool_depth else "max"

    def table_row(self, ctx: LayerContext, out: Shape) -> tuple[str, str]:
        if self.maxpool_depth:
            return str(self.out_channels), "depth"
        return super().table_row(ctx, out)

    def table_line(self, ctx: LayerContext, out: Shape) -> str:
        across = self._own_strides[1]
        strides = (across, across) if self.maxpool_depth else self._own_strides
        return self._line(ctx, self._full_shape(ctx, out), strides)

    def printed(self, ctx: LayerContext, out: Shape) -> Iterator[Printed]:
        yield from super().printed(ctx, out)
        if self.blur:
            yield from self.blur.printed(self._full_shape(ctx, out), out)

    def averaged_outputs(self, ctx: LayerContext, out: Shape) -> int:
        return super().averaged_outputs(ctx, self._full_shape(ctx, out))


@section("local_avgpool", "local_avg")
@dataclass(frozen=True, kw_only=True)
class LocalAvgpool(Pool):
    """Mean of each window over the pixels that lie inside the image."""

    @property
    def word(self) -> str:
        return "avg"

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        pads = self.pads(ctx.input, self.strides)
        mean = F.avg_pool2d(F.pad(inputs[0], pads), self.window, self.strides)
        return mean * self._growth(ctx.input).on(mean.device, mean.dtype)

    def fixed_size(self, ctx: LayerContext) -> str:
        return "it divides by the pixels of each window that lie inside"

    @cached_property
    def _growths(self) -> dict[Shape, DeviceConstant]:
        """By the input's shape: training on several sizes has the same layer for each."""
        return {}

    def _growth(self, into: Shape) -> DeviceConstant:
        """(h, w): the whole window's pixels for each of those inside the image."""
        return self._growths.get(into) or self._growths.setdefault(into, self._grown(into))

    def _grown(self, into: Shape) -> DeviceConstant:
        out = self._pooled(into, self.strides)
        sides = zip((into.h, into.w), (out.h, out.w), self.strides, strict=True)
        rows, columns = (self._inside(*side) for side in sides)
        return DeviceConstant(
            [[self.window**2 / max(1, row * column) for column in columns] for row in rows]
        )

    def _inside(self, size: int, count: int, stride: int) -> list[int]:
        """How many pixels of each window lie inside, in one direction."""
        starts = [number * stride - self.margin // 2 for number in range(count)]
        return [max(0, min(size, start + self.window) - max(0, start)) for start in starts]


@section("avgpool", "avg")
@dataclass(frozen=True, kw_only=True)
class Avgpool(Layer):
    """Mean of each channel over the whole image."""

    PLAIN_LINE: ClassVar[str] = "avg                     {x.column}   ->  {y.c:4d}"
    READS_IMAGES: ClassVar[bool] = True
    LINE: ClassVar[str] = "avg                          {x.column} ->   {y.c:4d}"

    def shape(self, ctx: LayerContext) -> Shape:
        return Shape(ctx.input.c, 1, 1)

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        return inputs[0].mean(dim=(2, 3), keepdim=True)
