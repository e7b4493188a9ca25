"""[convolutional], the layer that most networks are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from darknet_py.cfg.options import atoi, option
from darknet_py.errors import Problems
from darknet_py.forks import Fork
from darknet_py.layers.activations import ACTIVATIONS, activate
from darknet_py.layers.base import (
    Layer,
    LayerContext,
    Run,
    Stored,
    Weights,
    replaced,
    require_positive,
    require_rows,
)
from darknet_py.layers.blur import Blur, window_count
from darknet_py.layers.counted import Counted
from darknet_py.layers.cross_batchnorm import cross_batchnorm
from darknet_py.layers.excitation import excited
from darknet_py.layers.kernel_options import KernelOptions
from darknet_py.layers.kernel_rule import KernelRule
from darknet_py.layers.normalize import batchnorm, batchnorm_stored, fold_batchnorm
from darknet_py.layers.printed import Printed, convolution_line, shapes_and_cost, told_defaults
from darknet_py.layers.references import resolve_all
from darknet_py.layers.run import ProgressNeeds
from darknet_py.layers.sections import section
from darknet_py.layers.shape import ReceptiveField, Shape
from darknet_py.layers.straight_through import binarized, signs
from darknet_py.layers.weight_tool import ToolFacts, WeightTool
from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F
else:
    torch, F = deferred("torch"), deferred("torch.nn.functional")

CROSSING = 2
"""batch_normalize=2 is what cbn=1 sets."""
XNOR_SAVING = 32
"""By which the table of layers divides the operations of an xnor convolution; `ops` does not."""


@section("convolutional", "conv")
@dataclass(frozen=True, kw_only=True)
class Convolutional(KernelOptions):
    """Cross-correlation with zero padding, optional batch normalisation, activation."""

    TOLD: ClassVar[Mapping[str, str]] = {
        "filters": "{0.filters}",
        "size": "{0.size}",
        "stride": "{0.stride}",
        "activation": "{0.activation}",
    }
    READS_IMAGES: ClassVar[bool] = True
    AVERAGED: ClassVar[bool] = True
    CONVOLVES: ClassVar[bool] = True
    COUNTED: ClassVar[Counted] = Counted.TOTAL | Counted.PUBLISHED | Counted.OPS
    TOOL_FACTS: ClassVar[ToolFacts] = ToolFacts(
        tools=~WeightTool.STATISTICS,
        averaged=("biases", "scales", "rolling_mean", "rolling_variance", "weights"),
        batchnorm=("batch_normalize", "cbn"),
    )
    NO_EFFECT: ClassVar[Mapping[str, str]] = {
        "stream": "CUDA streams are torch's business",
        "wait_stream": "CUDA streams are torch's business",
        "dot": "both forks read it and never use it",
        "coordconv": "its kernel in AlexeyAB's program indexes wrongly; no published net uses it",
        "bin_output": "in detection AlexeyAB's program leaves an xnor layer's activation out; the "
        "xnor layer behind it takes the signs alone",
    }

    filters: int = option(1)
    size: int = option(1)
    stride: int = option(1)
    stride_x: int = option(-1)
    stride_y: int = option(-1)
    pad: int = option(0)
    padding: int = option(0, low=0)
    groups: int = option(1)
    dilation: int = option(1)
    batch_normalize: int = option(0)
    activation: str = option("logistic", words=ACTIVATIONS)
    binary: int = option(0)
    xnor: int = option(0)
    flipped: int = option(0)
    antialiasing: int = option(0)
    share_index: int | None = option(None)
    cbn: int = option(0)
    assisted_excitation: float = option(0.0)

    @cached_property
    def split(self) -> int:
        """The groups in force: AlexeyAB's program turns grouping off for xnor layers."""
        return 1 if self.xnor else self.groups

    @cached_property
    def normalized(self) -> bool:
        return bool(self.batch_normalize or self.cbn)

    @cached_property
    def strides(self) -> tuple[int, int]:
        """(y, x); stride_x and stride_y count from 1 up."""
        stride_y = self.stride_y if self.stride_y >= 1 else self.stride
        return stride_y, self.stride_x if self.stride_x >= 1 else self.stride

    @cached_property
    def margin(self) -> int:
        """Zero padding on each side before dilation: pad=1 means half the kernel."""
        return self.size // 2 if self.pad else self.padding

    @cached_property
    def spread(self) -> int:
        return 1 if self.size == 1 else self.dilation

    @cached_property
    def pointwise(self) -> bool:
        """Whether it is one matrix for every pixel by itself."""
        alone = self.size == 1 and self.margin == 0 and self.strides == (1, 1)
        return alone and self.split == 1

    @cached_property
    def pads_evenly(self) -> bool:
        """Whether the same padding on both sides, as torch has it, gives Darknet's output size."""
        return self.spread == 1 or self.size == 2 * self.margin + 1

    @cached_property
    def blur(self) -> Blur | None:
        stride_y, stride_x = self.strides
        return Blur(self.antialiasing, stride_x, stride_y) if self.antialiasing else None

    def shares(self, index: int) -> int | None:
        if self.share_index is None:
            return None
        return resolve_all(self, "share_index", (self.share_index,), index)[0]

    def shape(self, ctx: LayerContext) -> Shape:
        stride_y, stride_x = self.strides
        require_positive(self, filters=self.filters, size=self.size, stride=min(self.strides))
        require_positive(self, groups=self.groups, dilation=self.dilation)
        require_rows(self, self.filters)
        self._check_groups(ctx.input.c)
        self._check_shared(ctx)
        self.require_deformation(self.size)
        full = self._full_shape(ctx.input)
        return self.blur.shape(full) if self.blur else full

    def _full_shape(self, into: Shape) -> Shape:
        """The convolution's own output, before a blur. Dilation does not enter, as in Darknet."""
        stride_y, stride_x = self._own_strides
        height = window_count(into.h, self.size, stride_y, 2 * self.margin)
        width = window_count(into.w, self.size, stride_x, 2 * self.margin)
        if height < 1 or width < 1 or into.h + 2 * self.margin < self.size:
            message = f"a {self.size}x{self.size} kernel does not fit into the input {into}"
            raise self.shape_error(message, "size")
        return Shape(self.filters, height, width)

    def _check_groups(self, channels: int) -> None:
        if channels % self.split or self.filters % self.split:
            message = (
                f"groups={self.groups} must divide the {channels} input channels "
                f"and the {self.filters} filters"
            )
            raise self.shape_error(message, "groups")

    def _check_shared(self, ctx: LayerContext) -> None:
        target = self.shares(ctx.index)
        if target is None:
            return
        owner = ctx.nodes[target].layer
        mine = (self.filters, ctx.input.c // self.split, self.size)
        if not isinstance(owner, Convolutional):
            raise self.shape_error(
                f"layer {target} is [{owner.kind}], expected a convolution", "share_index"
            )
        theirs = (owner.filters, ctx.nodes[target].shapes[0].c // owner.split, owner.size)
        if mine != theirs:
            message = (
                f"weights of layer {target} are {theirs} (filters, channels, size), needs {mine}"
            )
            raise self.shape_error(message, "share_index")

    def kernel_rule(self, fork: Fork) -> KernelRule:
        return self.moved_by(fork, self.normalized)

    def stored(self, ctx: LayerContext) -> Iterator[Stored]:
        if self.share_index is not None:
            return
        channels = ctx.input.c // self.split
        rows = self.numload or None
        transposed = "always" if self.flipped else ""
        yield Stored("biases", (self.filters,), "bias", rows=rows)
        if self.normalized:
            for stored in batchnorm_stored(self.filters):
                yield stored.read_to(rows)
        shape = (self.filters, channels, self.size, self.size)
        fan_in = channels * self.size * self.size
        yield Stored("weights", shape, "weight", fan_in=fan_in, rows=rows, transposed=transposed)

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        x = run.repair.input(inputs[0]) if run.repair else inputs[0]
        full = self._convolve(ctx, weights, x, run)
        by_batch = run.training and not run.rolling_statistics
        if self.normalized and by_batch and self._crosses(ctx.fork):
            full = cross_batchnorm(full, weights, run, ctx.index)
        elif self.normalized:
            full = batchnorm(full, weights, run)
        full = activate(self.activation, full, fresh=True)
        full = run.repair.output(full) if run.repair else full
        if self.smooth and run.smooth_delta and ctx.fork.update.smooths:
            full = run.smooth_delta(full, self.smooth)
        if run.training and run.progress and self._excited(ctx.fork):
            full = excited(full, int(self.assisted_excitation), ctx.net, run.progress)
        return self.blur.finish(ctx, full, run) if self.blur else full

    def _crosses(self, fork: Fork) -> bool:
        return fork.layers.cross_batchnorm and bool(self.cbn or self.batch_normalize == CROSSING)

    def _excited(self, fork: Fork) -> bool:
        return fork.layers.excitation and bool(int(self.assisted_excitation))

    def progress_needs(self, fork: Fork) -> ProgressNeeds | None:
        needs = ProgressNeeds(self._excited(fork), self.filters if self._crosses(fork) else 0)
        return needs if any(needs) else None

    def _convolve(
        self, ctx: LayerContext, weights: Weights, x: torch.Tensor, run: Run
    ) -> torch.Tensor:
        kernel = weights["weights"]
        if self.binary or self.xnor:
            kernel = binarized(kernel)
        if self.xnor:
            x = signs(x)
        bias = None if self.normalized else weights["biases"]
        if not self.pads_evenly:
            x = F.pad(x, self.pads(ctx.input))
        return run.convolve(x, kernel, bias, *self._geometry)

    @cached_property
    def _geometry(self) -> tuple[tuple[int, int], int, int, int]:
        """Stride, padding, dilation and groups, as torch takes them."""
        padding = self.margin * self.spread if self.pads_evenly else 0
        return self._own_strides, padding, self.spread, self.split

    @cached_property
    def _own_strides(self) -> tuple[int, int]:
        """Those of the convolution itself: a blur takes over the stride."""
        return (1, 1) if self.antialiasing else self.strides

    def pads(self, into: Shape) -> tuple[int, int, int, int]:
        """left, right, top, bottom: zeros around an input of this shape."""
        margin, stride = self.margin * self.spread, self._own_strides
        if self.pads_evenly:
            return margin, margin, margin, margin
        # Dilation does not enter Darknet's output size: it reads zeros beyond the far edges.
        out = self._full_shape(into)
        extent = self.spread * (self.size - 1) + 1
        bottom = (out.h - 1) * stride[0] + extent - margin - into.h
        right = (out.w - 1) * stride[1] + extent - margin - into.w
        return margin, right, margin, bottom

    def folded(self, ctx: LayerContext, weights: Weights) -> tuple[Layer, dict[str, torch.Tensor]]:
        if not self.normalized or self.binary or self.xnor:
            return self, dict(weights)
        plain = replaced(self, batch_normalize=0, cbn=0)
        if self.share_index is not None:
            return plain, {}
        kernel, biases = fold_batchnorm(weights)
        return plain, {"biases": biases, "weights": kernel}

    def flops(self, ctx: LayerContext, out: Shape) -> float:
        count = self._operations(ctx, self.split)
        return count / XNOR_SAVING if self.xnor else count

    def operations(self, ctx: LayerContext, out: Shape) -> float:
        """AlexeyAB's `ops` gives a depthwise layer as many as a full one; his table does not."""
        return self._operations(ctx, self.split if ctx.fork.log.ops_by_group else 1)

    def _operations(self, ctx: LayerContext, groups: int) -> float:
        full = self._full_shape(ctx.input)
        channels = ctx.input.c // groups
        return 2.0 * self.filters * channels * self.size**2 * full.h * full.w

    def receptive_field(self, inputs: Sequence[ReceptiveField]) -> ReceptiveField:
        return inputs[0].windowed(self.size, max(self.strides), self.spread)

    def table_row(self, ctx: LayerContext, out: Shape) -> tuple[str, str]:
        filters = f"{self.filters}/{self.split}" if self.split > 1 else str(self.filters)
        stride_y, stride_x = self.strides
        stride = str(stride_x) if stride_x == stride_y else f"{stride_x}x{stride_y}"
        dilation = f"({self.spread})" if self.spread > 1 else ""
        return filters, f"{self.size} x {self.size}/ {stride}{dilation}"

    def table_line(self, ctx: LayerContext, out: Shape) -> str:
        packed = self.section.find("bin_output")
        binary = "XB" if packed and atoi(packed.value or "0") else "X"
        signs = {
            binary: self.xnor,
            "S": self.share_index is not None,
            "AE": self.assisted_excitation,
        }
        tag = "conv" + next((sign for sign, is_set in signs.items() if is_set), "")
        full = self._full_shape(ctx.input)
        columns = shapes_and_cost(ctx.input, full, self.flops(ctx, out))
        kernel = self.size, self._own_strides, self.spread
        return convolution_line(tag, self.filters, self.split, kernel, columns)

    def plain_line(self, ctx: LayerContext, out: Shape) -> str:
        size, step = self.size, self.strides[1]
        columns = f"{ctx.input.column}   ->  {out.column}"
        billions = self.operations(ctx, out) / 1e9
        kernel = f"{self.filters:5d} {size:2d} x{size:2d} /{step:2d}"
        return f"conv  {kernel}  {columns}  {billions:5.3f} BFLOPs"

    def told(self, ctx: LayerContext) -> Iterator[Printed]:
        both = self.stride_x >= 1 and self.stride_y >= 1
        unread = {"stride"} if both else set()
        told = {key: value for key, value in self.TOLD.items() if key not in unread}
        yield from told_defaults(self.section, told, self)

    def printed(self, ctx: LayerContext, out: Shape) -> Iterator[Printed]:
        yield from super().printed(ctx, out)
        if self.blur:
            yield from self.blur.printed(self._full_shape(ctx.input), out)

    def averaged_outputs(self, ctx: LayerContext, out: Shape) -> int:
        return super().averaged_outputs(ctx, self._full_shape(ctx.input))

    def check(self, ctx: LayerContext, problems: Problems) -> None:
        if self.dilation > 1 and self.size == 1:
            problems.note(self.location("dilation"), "no effect on a 1x1 kernel")
        channels = ctx.input.c // self.split
        counts = self.filters * channels, channels * self.size**2
        self.check_kernels(ctx, self.kernel_rule(ctx.fork), *counts, problems)
