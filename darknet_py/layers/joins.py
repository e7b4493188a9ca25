"""Layers that read several layers (route, shortcut, sam, scale_channels) or none (implicit)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from darknet_py.cfg.options import option
from darknet_py.deferred import deferred
from darknet_py.errors import BadOption, Problems
from darknet_py.layers.activations import ACTIVATIONS, activate
from darknet_py.layers.base import (
    Layer,
    Run,
    Shape,
    Site,
    Stored,
    Weights,
    require_positive,
    resolve_all,
    section,
)

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F
else:
    torch, F = deferred("torch"), deferred("torch.nn.functional")

SUM_EPSILON = 1e-4
"""Keeps the sum of normalised shortcut weights away from 0."""
RELU_FLOOR = 1e-3
"""Least value of a shortcut weight under weights_normalization=relu: the GPU path's rule."""


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
            raise BadOption("needs layers=, the layers to join", self.place())
        return resolve_all(self, "layers", self.layers, index)

    def shape(self, at: Site) -> Shape:
        self._check_groups(at)
        channels = sum(shape.c for shape in at.inputs) // self.groups
        if self.flat(at):
            # Darknet then joins the flat outputs and gives the layer no width and height.
            return Shape(sum(shape.size for shape in at.inputs) // self.groups, 1, 1)
        return Shape(channels, at.input.h, at.input.w)

    def flat(self, at: Site) -> bool:
        return len({(shape.h, shape.w) for shape in at.inputs}) > 1

    def _check_groups(self, at: Site) -> None:
        require_positive(self, groups=self.groups)
        if self.group_id >= self.groups:
            message = (
                f"read {self.group_id}, expected 0 to {self.groups - 1} (groups={self.groups})"
            )
            raise BadOption(message, self.place("group_id"))
        for index, shape in zip(self.references(at.index), at.inputs, strict=True):
            if shape.c % self.groups:
                message = (
                    f"groups={self.groups} does not divide the {shape.c} channels of layer {index}"
                )
                raise self.misfit(message, "groups")

    def forward(
        self, at: Site, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
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

    def table_row(self, at: Site, out: Shape) -> tuple[str, str]:
        joined = " ".join(str(index) for index in self.references(at.index))
        return joined, f"{self.group_id}/{self.groups}" if self.groups > 1 else ""

    def check(self, at: Site, problems: Problems) -> None:
        sizes = [
            f"layer {i}: {shape}"
            for i, shape in zip(self.references(at.index), at.inputs, strict=True)
        ]
        if self.flat(at):
            message = f"joins unlike sizes ({', '.join(sizes)})"
            cure = "Darknet gives such a layer no width and height"
            problems.warn(self.place("layers"), f"{message}; {cure}")


WEIGHTS_TYPES = {"none": 0, "per_feature": 1, "per_layer": 1, "per_channel": 2}
NORMALIZATIONS = ("none", "relu", "avg_relu", "softmax")


@section("shortcut")
@dataclass(frozen=True, kw_only=True)
class Shortcut(Layer):
    """Add earlier layers to the previous one, each with a trained weight if asked."""

    source: tuple[int, ...] = option((), key="from")
    activation: str = option("linear", words=ACTIVATIONS)
    alpha: float = option(1.0)
    beta: float = option(1.0)
    weights_type: str = option("none", words=WEIGHTS_TYPES)
    weights_normalization: str = option("none", words=NORMALIZATIONS)

    def references(self, index: int) -> tuple[int, ...]:
        if not self.source:
            raise BadOption("needs from=, the layer to add", self.place())
        if index == 0:
            raise self.misfit("layer 0 has no previous layer to add to")
        return (index - 1, *resolve_all(self, "from", self.source, index))

    def shape(self, at: Site) -> Shape:
        for index, shape in zip(self.references(at.index)[1:], at.inputs[1:], strict=True):
            if not self._fits(at.input, shape):
                message = f"layer {index} is {shape}, the previous layer {at.input}"
                raise self.misfit(f"{message}; widths and heights must agree", "from")
        return at.input

    def _fits(self, into: Shape, shape: Shape) -> bool:
        """Unlike sizes are joined by pjreddie's sampling, if one ratio serves both directions."""
        if (shape.h, shape.w) == (into.h, into.w):
            return True
        y, x = _steps(into, shape)
        return y == x and len(self.source) == 1 and self.weights_type == "none"

    def _rows(self, at: Site) -> int:
        return len(self.source) + 1

    def stored(self, at: Site) -> Iterator[Stored]:
        columns = {0: 0, 1: 1, 2: at.input.c}[WEIGHTS_TYPES[self.weights_type]]
        if columns:
            yield Stored("weights", (self._rows(at), columns), "shortcut")

    def forward(
        self, at: Site, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        if "weights" in weights:
            out = self._weighted(self._normalized(weights["weights"]), inputs)
        elif inputs[0].shape[2:] != inputs[1].shape[2:] or self._factors(at) != (1, 1):
            out = self._scaled(inputs, self._factors(at))
        else:
            out = self._sum(inputs)
        return activate(self.activation, out, fresh=True)

    def _factors(self, at: Site) -> tuple[float, float]:
        return (self.alpha, self.beta) if at.fork.shortcut_alpha else (1, 1)

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
        # The C loop visits min(width) x min(height) places of both, however far they are apart.
        c, h, w = (min(a, b) for a, b in zip(into, source, strict=True))
        places = out[:, :c, : h * sample : sample, : w * sample : sample]
        added = other[:, :c, : h * stride : stride, : w * stride : stride]
        return _placed(factors[0] * places + factors[1] * added, out, into, sample)

    def flops(self, at: Site, out: Shape) -> float:
        count = float(out.size * len(self.source))
        return 2 * count if WEIGHTS_TYPES[self.weights_type] else count

    def table_row(self, at: Site, out: Shape) -> tuple[str, str]:
        return " ".join(str(index) for index in self.references(at.index)[1:]), ""

    def check(self, at: Site, problems: Problems) -> None:
        if at.fork.shortcut_alpha and len(self.source) > 1:
            message = "several layers: pjreddie's program adds only the first; all are added here"
            problems.warn(self.place("from"), message)
        if WEIGHTS_TYPES[self.weights_type] and self.weights_normalization == "none":
            message = (
                "AlexeyAB's program wants weights_normalization=relu or softmax here and stops"
            )
            problems.warn(
                self.place("weights_type"), f"{message}; the weights are used as they are"
            )
        if (self.alpha, self.beta) != (1, 1) and not at.fork.shortcut_alpha:
            key = "alpha" if self.alpha != 1 else "beta"
            problems.note(self.place(key), "no effect here: only pjreddie's program reads it")
        if any((shape.h, shape.w) != (at.input.h, at.input.w) for shape in at.inputs):
            message = "joins unlike sizes by pjreddie's rule; AlexeyAB's program stops here"
            problems.note(self.place("from"), message)


def _steps(into: Shape, source: Shape) -> tuple[tuple[int, int], tuple[int, int]]:
    """(stride, sample) in y and x: how far to step in the source and in the output, at least 1."""
    y = max(1, source.h // into.h), max(1, into.h // source.h)
    return y, (max(1, source.w // into.w), max(1, into.w // source.w))


def _placed(values: torch.Tensor, out: torch.Tensor, shape: Shape, sample: int) -> torch.Tensor:
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


def _every(places: torch.Tensor, sample: int, count: int) -> torch.Tensor:
    return (places % sample == 0) & (places < count * sample)


def _like_channels(other: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    """The first channels of `other`, zero where it has fewer: C adds by flat index."""
    missing = out.shape[1] - other.shape[1]
    if missing > 0:
        return F.pad(other, (0, 0, 0, 0, 0, missing))
    return other[:, : out.shape[1]] if missing else other


@dataclass(frozen=True, kw_only=True)
class _Scaling(Layer):
    """What sam and scale_channels share: `from` is multiplied by the previous layer."""

    source: int | None = option(None, key="from")
    activation: str = option("linear", words=ACTIVATIONS)

    def references(self, index: int) -> tuple[int, ...]:
        if self.source is None:
            raise BadOption("needs from=, the layer to scale", self.place())
        if index == 0:
            raise self.misfit("layer 0 has no previous layer to scale by")
        return (index - 1, *resolve_all(self, "from", (self.source,), index))

    def forward(
        self, at: Site, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        return activate(self.activation, inputs[1] * inputs[0], fresh=True)

    def table_row(self, at: Site, out: Shape) -> tuple[str, str]:
        return str(self.references(at.index)[1]), ""


@section("sam")
@dataclass(frozen=True, kw_only=True)
class Sam(_Scaling):
    """Spatial attention: the product of two layers of the same shape."""

    def shape(self, at: Site) -> Shape:
        if at.inputs[0] != at.inputs[1]:
            message = f"layer {self.references(at.index)[1]} is {at.inputs[1]}"
            raise self.misfit(f"{message}, the previous layer {at.input}; both must agree", "from")
        return at.input


@section("scale_channels")
@dataclass(frozen=True, kw_only=True)
class ScaleChannels(_Scaling):
    """Squeeze and excitation: each channel times one number, or with scale_wh each pixel."""

    scale_wh: int = option(0)

    def shape(self, at: Site) -> Shape:
        factor, scaled = at.inputs
        expected = Shape(1, scaled.h, scaled.w) if self.scale_wh else Shape(scaled.c, 1, 1)
        if factor != expected:
            message = f"the previous layer is {factor}, expected {expected} to scale {scaled}"
            raise self.misfit(message, "from")
        return scaled


@section("implicit")
@dataclass(frozen=True, kw_only=True)
class Implicit(Layer):
    """Trained numbers that depend on no input, one plane of `atoms` per filter."""

    mean: float = option(0.0)
    std: float = option(0.2)
    filters: int = option(128)
    atoms: int = option(1)

    def shape(self, at: Site) -> Shape:
        require_positive(self, filters=self.filters, atoms=self.atoms)
        return Shape(self.filters, self.atoms, 1)

    def stored(self, at: Site) -> Iterator[Stored]:
        shape = (self.filters, self.atoms)
        yield Stored("weights", shape, "implicit", start=(self.mean, self.std))

    def forward(
        self, at: Site, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        return weights["weights"][None, :, :, None].expand(len(inputs[0]), -1, -1, -1)

    def table_row(self, at: Site, out: Shape) -> tuple[str, str]:
        return str(self.filters), f"{self.atoms} atoms"
