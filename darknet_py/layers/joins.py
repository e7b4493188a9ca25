"""Layers that read several layers (route, sam, scale_channels) or none (implicit)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from darknet_py.cfg.options import option
from darknet_py.errors import BadOption, Problems
from darknet_py.forks import Fork
from darknet_py.layers.activations import ACTIVATIONS, activate
from darknet_py.layers.base import Layer, LayerContext, Run, Stored, Weights, require_positive
from darknet_py.layers.net import Net
from darknet_py.layers.references import resolve_all
from darknet_py.layers.sections import section
from darknet_py.layers.shape import ReceptiveField, Shape
from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F
else:
    torch, F = deferred("torch"), deferred("torch.nn.functional")


ROUTE_TABS = ((1, f" \t\t{' ' * 12}"), (3, f" \t{' ' * 12}"), (math.inf, " \t    "))
"""What stands in Darknet's table behind so many layers at most."""


@section("route")
@dataclass(frozen=True, kw_only=True)
class Route(Layer):
    """Concatenate channels of earlier layers, or one group of each layer's channels."""

    NO_EFFECT: ClassVar[Mapping[str, str]] = {
        "stream": "CUDA streams are torch's business",
        "wait_stream": "CUDA streams are torch's business",
    }

    layers: tuple[int, ...] = option(())
    groups: int = option(1)
    group_id: int = option(0, low=0)

    def references(self, index: int) -> tuple[int, ...]:
        if not self.layers:
            raise BadOption("needs layers=, the layers to join", self.location())
        return resolve_all(self, "layers", self.layers, index)

    def shape(self, ctx: LayerContext) -> Shape:
        self._check_groups(ctx)
        channels = sum(shape.c for shape in ctx.inputs) // self.groups
        if self.flat(ctx):
            # Darknet then joins the flat outputs and gives the layer no width and height.
            return Shape(sum(shape.size for shape in ctx.inputs) // self.groups, 1, 1)
        return Shape(channels, ctx.input.h, ctx.input.w)

    def flat(self, ctx: LayerContext) -> bool:
        return len({(shape.h, shape.w) for shape in ctx.inputs}) > 1

    def _check_groups(self, ctx: LayerContext) -> None:
        require_positive(self, groups=self.groups)
        if self.group_id >= self.groups:
            message = (
                f"read {self.group_id}, expected 0 to {self.groups - 1} (groups={self.groups})"
            )
            raise BadOption(message, self.location("group_id"))
        for index, shape in zip(self.references(ctx.index), ctx.inputs, strict=True):
            if shape.c % self.groups:
                message = (
                    f"groups={self.groups} does not divide the {shape.c} channels of layer {index}"
                )
                raise self.shape_error(message, "groups")

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        parts = [self._group(x) for x in inputs]
        if len(parts) == 1:
            return parts[0]
        if any(part.shape[2:] != parts[0].shape[2:] for part in parts):
            return torch.cat([part.flatten(1) for part in parts], dim=1)[:, :, None, None]
        return torch.cat(parts, dim=1)

    def _group(self, x: torch.Tensor) -> torch.Tensor:
        if self.groups == 1:
            return x
        width = x.shape[1] // self.groups
        return x.narrow(1, self.group_id * width, width)

    def receptive_field(self, inputs: Sequence[ReceptiveField]) -> ReceptiveField:
        return ReceptiveField(
            max(field.size for field in inputs), max(field.stride for field in inputs)
        )

    def table_row(self, ctx: LayerContext, out: Shape) -> tuple[str, str]:
        joined = " ".join(str(index) for index in self.references(ctx.index))
        return joined, f"{self.group_id}/{self.groups}" if self.groups > 1 else ""

    def table_line(self, ctx: LayerContext, out: Shape) -> str:
        joined, group = self.table_row(ctx, out)
        count = len(ctx.inputs)
        tabs = next(text for most, text in ROUTE_TABS if count <= most)
        # Darknet gives a layer that joins unlike sizes no width and height.
        shown = Shape(0, 0, 0) if self.flat(ctx) else out
        unlike = (shape for shape in ctx.inputs[1:] if shape[1:] != ctx.input[1:])
        remarks = "".join(
            " The width and height of the input layers are different. \n" for _ in unlike
        )
        return f"route  {joined}{remarks}{tabs}{' ' * 11}{group or '   '} -> {shown.column} "

    def plain_line(self, ctx: LayerContext, out: Shape) -> str:
        return f"route  {self.table_row(ctx, out)[0]}"

    def noted_sides(self, ctx: LayerContext) -> tuple[int, int]:
        """Those noted of the first layer joined."""
        index = self.references(ctx.index)[0]
        first = ctx.nodes[index]
        return first.layer.noted_sides(replace(ctx, index=index, inputs=first.shapes))

    def check(self, ctx: LayerContext, problems: Problems) -> None:
        sizes = [
            f"layer {i}: {shape}"
            for i, shape in zip(self.references(ctx.index), ctx.inputs, strict=True)
        ]
        if self.flat(ctx):
            message = f"joins unlike sizes ({', '.join(sizes)})"
            cure = "Darknet gives such a layer no width and height"
            problems.warn(self.location("layers"), f"{message}; {cure}")


@dataclass(frozen=True, kw_only=True)
class _Scaling(Layer):
    """What sam and scale_channels share: `from` is multiplied by the previous layer."""

    source: int | None = option(None, key="from")
    activation: str = option("linear", words=ACTIVATIONS)

    def references(self, index: int) -> tuple[int, ...]:
        if self.source is None:
            raise BadOption("needs from=, the layer to scale", self.location())
        if index == 0:
            raise self.shape_error("layer 0 has no previous layer to scale by")
        return (index - 1, *resolve_all(self, "from", (self.source,), index))

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        return activate(self.activation, inputs[1] * inputs[0], fresh=True)

    def table_row(self, ctx: LayerContext, out: Shape) -> tuple[str, str]:
        return str(self.references(ctx.index)[1]), ""

    def table_line(self, ctx: LayerContext, out: Shape) -> str:
        return f"scale Layer: {self.references(ctx.index)[1]}"


@section("sam")
@dataclass(frozen=True, kw_only=True)
class Sam(_Scaling):
    """Spatial attention: the product of two layers of the same shape."""

    def shape(self, ctx: LayerContext) -> Shape:
        if ctx.inputs[0] != ctx.inputs[1]:
            message = f"layer {self.references(ctx.index)[1]} is {ctx.inputs[1]}"
            raise self.shape_error(
                f"{message}, the previous layer {ctx.input}; both must agree", "from"
            )
        return ctx.input


@section("scale_channels")
@dataclass(frozen=True, kw_only=True)
class ScaleChannels(_Scaling):
    """Squeeze and excitation: each channel times one number, or with scale_wh each pixel."""

    scale_wh: int = option(0)

    def shape(self, ctx: LayerContext) -> Shape:
        factor, scaled = ctx.inputs
        expected = Shape(1, scaled.h, scaled.w) if self.scale_wh else Shape(scaled.c, 1, 1)
        if factor != expected:
            message = f"the previous layer is {factor}, expected {expected} to scale {scaled}"
            raise self.shape_error(message, "from")
        return scaled


MOST_START = 1e30
"""Random starts beyond it are no float32."""


@section("implicit")
@dataclass(frozen=True, kw_only=True)
class Implicit(Layer):
    """Trained numbers that depend on no input, one column of `atoms` per filter."""

    TOLD: ClassVar[Mapping[str, str]] = {
        "mean": "{0.mean:f}",
        "std": "{0.std:f}",
        "filters": "{0.filters}",
    }
    LINE: ClassVar[str] = (
        "implicit Layer: {layer.filters} x {layer.atoms} \t "
        "mean={layer.mean:.2f}, std={layer.std:.2f} "
    )

    mean: float = option(0.0, low=-MOST_START, high=MOST_START)
    std: float = option(0.2, low=0, high=MOST_START)
    filters: int = option(128)
    atoms: int = option(1)

    def shape(self, ctx: LayerContext) -> Shape:
        require_positive(self, filters=self.filters, atoms=self.atoms)
        return Shape(self.filters, self.atoms, 1)

    def weight_limit(self, fork: Fork, net: Net) -> float:
        return self.clip if fork.update.clips_layers else 0.0

    def stored(self, ctx: LayerContext) -> Iterator[Stored]:
        shape = (self.filters, self.atoms)
        yield Stored("weights", shape, "implicit", start=(self.mean, self.std))

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        return weights["weights"][None, :, :, None].expand(len(inputs[0]), -1, -1, -1)

    def noted_sides(self, ctx: LayerContext) -> tuple[int, int]:
        return 1, 1

    def table_row(self, ctx: LayerContext, out: Shape) -> tuple[str, str]:
        return str(self.filters), f"{self.atoms} atoms"
