"""Windows over images: how many fit, and the blur of antialiased layers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from darknet_py.layers.base import LayerContext, Run
from darknet_py.layers.device_constant import DeviceConstant
from darknet_py.layers.printed import Printed, convolution_line, shapes_and_cost
from darknet_py.layers.shape import Shape
from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F
else:
    torch, F = deferred("torch"), deferred("torch.nn.functional")

BLURS = {1: (1.0, 2.0, 1.0), 2: (1.0, 1.0)}
"""antialiasing=1 blurs with [1 2 1]^2/16, antialiasing=2 with [1 1]^2/4; any other value as 1."""


def window_count(size: int, window: int, stride: int, padding: int) -> int:
    """How many windows fit; `padding` is the total of both sides. C truncates toward zero."""
    return int((size + padding - window) / stride) + 1


@dataclass(frozen=True)
class Blur:
    """The fixed depthwise convolution that takes over the stride of an antialiased layer."""

    kind: int
    stride_x: int
    stride_y: int

    @property
    def row(self) -> tuple[float, ...]:
        return BLURS.get(self.kind, BLURS[1])

    @property
    def padding(self) -> int:
        return len(self.row) // 2 if len(self.row) == 3 else 0

    def shape(self, out: Shape) -> Shape:
        size, padding = len(self.row), 2 * self.padding
        height = window_count(out.h, size, self.stride_y, padding)
        return Shape(out.c, height, window_count(out.w, size, self.stride_x, padding))

    def printed(self, into: Shape, out: Shape) -> Iterator[Printed]:
        """Its line below that of the layer: a convolution with a group for every channel."""
        size, groups = len(self.row), into.c
        columns = shapes_and_cost(into, out, 2.0 * size**2 * out.size)
        kernel = size, (self.stride_y, self.stride_x), 1
        yield Printed("AA:  ", on_stdout=True)
        yield Printed(f"{convolution_line('conv', groups, groups, kernel, columns)}\n")

    @cached_property
    def kernel(self) -> DeviceConstant:
        """(size, size), of sum 1."""
        total = sum(self.row) ** 2
        return DeviceConstant([[a * b / total for b in self.row] for a in self.row])

    def apply(self, x: torch.Tensor) -> torch.Tensor:
        channels = int(x.shape[1])
        kernel = self.kernel.on(x.device, x.dtype).expand(channels, 1, -1, -1)
        stride = (self.stride_y, self.stride_x)
        return F.conv2d(x, kernel, None, stride, self.padding, groups=channels)

    def finish(self, ctx: LayerContext, full: torch.Tensor, run: Run) -> torch.Tensor:
        blurred = self.apply(full)
        if run.repair:
            blurred = run.repair.output(blurred)
        if run.darknet_outputs is not None:
            run.darknet_outputs[ctx.index] = _overwritten(full, blurred)
        return blurred


def _overwritten(full: torch.Tensor, blurred: torch.Tensor) -> torch.Tensor:
    """What l.output holds in C: the blurred result copied over the head of the unblurred one."""
    output = full.contiguous().clone()
    output.view(-1)[: blurred.numel()] = blurred.reshape(-1)
    return output
