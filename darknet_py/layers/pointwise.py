"""Layers that keep the shape: activation, dropout, empty, logistic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from darknet_py.cfg.options import option
from darknet_py.forks import Fork
from darknet_py.layers.activations import ACTIVATIONS, activate
from darknet_py.layers.base import Layer, LayerContext, Run, Weights, passing
from darknet_py.layers.dropblock import block_side, drop_blocks, grown
from darknet_py.layers.printed import Printed, told_defaults
from darknet_py.layers.run import ProgressNeeds
from darknet_py.layers.sections import section
from darknet_py.layers.shape import Shape
from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F
else:
    torch, F = deferred("torch"), deferred("torch.nn.functional")


@section("activation")
@dataclass(frozen=True, kw_only=True)
class Activation(Layer):
    """An activation as a layer of its own."""

    TOLD: ClassVar[Mapping[str, str]] = {"activation": "{0.activation}"}
    LINE: ClassVar[str] = "Activation Layer: {x.size} inputs"

    activation: str = option("linear", words=ACTIVATIONS)

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        return activate(self.activation, inputs[0])


USUAL_BLOCK = 7
ABSOLUTE = "dropblock_size_abs"
BLOCK_MISSING = (
    "None of the parameters (dropblock_size_rel or dropblock_size_abs) are set, will be used:"
)
BLOCK_TWICE = "Both parameters are set, only the parameter will be used:"


@section("dropout")
@dataclass(frozen=True, kw_only=True)
class Dropout(Layer):
    """In training, zero values with `probability` and scale up the rest; nothing at inference."""

    probability: float | None = option(None, low=0, high=1)
    dropblock: int = option(0)
    dropblock_size_rel: float = option(0.0)
    dropblock_size_abs: int = option(0)

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        if not run.training:
            return inputs[0]
        if self.blocks(ctx.fork):
            return self._without_blocks(ctx, inputs[0], run)
        return F.dropout(inputs[0], self._probability(ctx), training=True)

    def blocks(self, fork: Fork) -> bool:
        """Whether it drops blocks instead of single values."""
        return bool(self.dropblock) and fork.layers.dropblock

    def _without_blocks(self, ctx: LayerContext, x: torch.Tensor, run: Run) -> torch.Tensor:
        reached, shortest = grown(ctx.net, run, x), min(ctx.input.h, ctx.input.w)
        absolute, relative = self._sizes(ctx)
        side = block_side(absolute or relative * shortest, reached, shortest)
        return drop_blocks(x, self._probability(ctx) * reached, side)

    def progress_needs(self, fork: Fork) -> ProgressNeeds | None:
        return ProgressNeeds() if self.blocks(fork) else None

    def _probability(self, ctx: LayerContext) -> float:
        return ctx.fork.layers.dropout if self.probability is None else self.probability

    def table_line(self, ctx: LayerContext, out: Shape) -> str:
        size, probability = ctx.input.size, f"p = {self._probability(ctx):.3f}"
        if not self.dropblock:
            return f"dropout    {probability}        {size:4d}  ->   {size:4d}"
        block = self._block(ctx)[0]
        return f"dropblock    {probability}   l.dropblock_size_{block}    {size:4d}  ->   {size:4d}"

    def plain_line(self, ctx: LayerContext, out: Shape) -> str:
        size, probability = ctx.input.size, f"p = {self._probability(ctx):.2f}"
        return f"dropout       {probability}               {size:4d}  ->  {size:4d}"

    def _sizes(self, ctx: LayerContext) -> tuple[int, float]:
        """A block's side in cells, or else as a share of the input's."""
        absolute = min(self.dropblock_size_abs, ctx.input.w, ctx.input.h)
        if self.dropblock and not self.dropblock_size_rel and not absolute:
            absolute = USUAL_BLOCK
        return absolute, self.dropblock_size_rel

    def _block(self, ctx: LayerContext) -> tuple[str, list[str]]:
        """The size of a block in Darknet's words, and what it remarks on it."""
        across, down, notes = ctx.input.w, ctx.input.h, list[str]()
        written, (absolute, relative) = self.dropblock_size_abs, self._sizes(ctx)
        if written > min(across, down):
            notes += [f"{ABSOLUTE} = {written} that is bigger than layer size {across} x {down}"]
        if absolute and not written:
            notes += [f"{BLOCK_MISSING} {ABSOLUTE} = {absolute}"]
        if relative and absolute:
            notes += [f"{BLOCK_TWICE} {ABSOLUTE} = {absolute}"]
        return f"abs = {absolute}" if absolute else f"rel = {relative:.2f}", notes

    def told(self, ctx: LayerContext) -> Iterator[Printed]:
        usual = {"probability": f"{self._probability(ctx):f}"}
        yield from told_defaults(self.section, usual, self)
        for note in () if ctx.fork.log.plain_table else self._block(ctx)[1]:
            yield Printed(f" [dropout] - {note} \n", on_stdout=True)

    def noted_sides(self, ctx: LayerContext) -> tuple[int, int]:
        return super().noted_sides(ctx) if self.dropblock else (0, 0)


@section("empty", "silence")
@dataclass(frozen=True, kw_only=True)
class Empty(Layer):
    """The previous layer's output under another index."""

    LINE: ClassVar[str] = "empty "

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        return inputs[0]


@section("logistic")
@dataclass(frozen=True, kw_only=True)
class Logistic(Layer):
    """Sigmoid scores with cross-entropy as loss (pjreddie's fork)."""

    LINE: ClassVar[str] = "logistic x entropy                             {x.size:4d}"

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        y = torch.sigmoid(inputs[0])
        return passing(inputs[0], y) if run.training else y
