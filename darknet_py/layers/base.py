"""What every section kind answers: its options, inputs, shape, stored tensors and arithmetic."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from darknet_py.cfg.options import option
from darknet_py.cfg.text import Section
from darknet_py.errors import BadOption, CfgError, Location, Problems, ShapeError
from darknet_py.forks import Fork
from darknet_py.layers.counted import Counted
from darknet_py.layers.kernel_rule import KernelRule
from darknet_py.layers.net import Net
from darknet_py.layers.printed import Printed, told_defaults
from darknet_py.layers.run import ProgressNeeds
from darknet_py.layers.run import Run as Run
from darknet_py.layers.shape import ReceptiveField, Shape
from darknet_py.layers.tree import Tree
from darknet_py.layers.weight_tool import ToolFacts

if TYPE_CHECKING:
    import torch

INPUT = -1
"""Index of the network's own input, where layers have 0 and up."""


@dataclass(frozen=True)
class Stored:
    """One tensor of a layer as the weights file holds it.

    role says how it trains and starts. "weight": at random, and decays. "bias", "mean" and
    "variance": at 0, "scale": at 1; mean and variance are batch statistics, which no gradient
    moves. "shortcut": at 1, its steps are limited. "implicit": like "weight".
    fan_in scales the random start. rows: only that many leading rows are in the file when loading
    (numload). transposed: "old" when files of old programs hold the matrix transposed, "always" for
    flipped=1. start: the mean and half-width of a uniform random start. in_file: False for a tensor
    that this fork keeps out of the file.
    """

    name: str
    shape: tuple[int, ...]
    role: str
    fan_in: int = 0
    rows: int | None = None
    transposed: str = ""
    start: tuple[float, float] | None = None
    in_file: bool = True

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def read_to(self, rows: int | None) -> Stored:
        """With that many leading rows in the file when loading."""
        return dataclasses.replace(self, rows=rows)


@dataclass(frozen=True)
class Node:
    """A layer of a graph: index, inputs by index (-1 is the network's input), shapes."""

    index: int
    layer: Layer
    inputs: tuple[int, ...]
    shapes: tuple[Shape, ...]
    out: Shape


@dataclass(frozen=True)
class LayerContext:
    """Where a layer stands: its index, its inputs' shapes, and what was built before it."""

    index: int
    inputs: tuple[Shape, ...]
    net: Net
    fork: Fork
    nodes: Sequence[Node]

    @property
    def input(self) -> Shape:
        return self.inputs[0]

    @property
    def above(self) -> Layer | None:
        """The layer before this one in the file."""
        return self.nodes[self.index - 1].layer if self.index else None


Weights = Mapping[str, "torch.Tensor"]
"""A layer's tensors by their names in the weights file."""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A section kind: its options are fields, and all that others ask of it is asked here.

    To add a kind, derive from this class (or from one of its family) under `@section("name")`,
    give it options, and override what is different from the layer above passed on unchanged:

    - `forward`: the arithmetic; the one method that every kind has.
    - `references`, `shape`, `flat`, `check`, READS_IMAGES: which layers it reads and what they
      must give, what it gives, and what to tell the user about its options.
    - `progress_needs`: what its pass in training depends on beside its input.
    - `stored`, `shares`, `trains`, AVERAGED: its tensors. `stored` is all that loading, saving,
      counting, the random start and the check of a file's size need.
    - `folded`, `fixed_size`: its form for inference, and what stands against a program for images
      of any size. Whether tensors depend on the input's size is read off `stored`.
    - `table_row`, `table_line`, LINE, `receptive_field`, `flops`, `operations`, COUNTED: what
      `summary`, `ops` and the benchmarks say of it. `printed`, TOLD, TOLD_AFTER, `noted_sides`:
      what Darknet prints beside its line.
    - `moved_by_adam`, `weight_limit`, `kernel_rule`: how training moves its weights.
    - TOOL_FACTS: what `reset`, `rgbgr` and Darknet's other tools do with its tensors.
    - HEAD, IS_LOSS, MAY_BE_SILENT, CLASSIFIES, `hierarchy`, `at_temperature`: what its output
      means, and whether it teaches.
    - NO_EFFECT: options that Darknet reads and that change nothing here, each with the reason. One
      that changes only Darknet's training has its reason where it is declared, as `not_trained`.

    Methods get a `LayerContext`: the layer's index, the shapes it reads, [net] and the fork. A
    layer is frozen and shared; tensors and memory are handed in, so that none of these keeps state.
    Only a loss and a head's decoder have homes of their own, the tables of `losses/` and `detect/`.
    """

    KIND: ClassVar[str] = ""
    """its own name, set by @section."""
    NAMES: ClassVar[tuple[str, ...]] = ()
    """all section names it goes by, set by @section."""
    NO_EFFECT: ClassVar[Mapping[str, str]] = {}
    """option -> why it changes nothing."""
    READS_IMAGES: ClassVar[bool] = False
    """the input must have a width and a height."""
    HEAD: ClassVar[bool] = False
    """the output is decoded to boxes; `net(x)` returns it."""
    CLASSIFIES: ClassVar[bool] = False
    """the last such layer's `hierarchy` is the network's, as net->hierarchy in both programs."""
    IS_LOSS: ClassVar[bool] = False
    """only a loss: the layer before it is the network's output, and it has no channels of its own,
    as [cost] in both programs."""
    MAY_BE_SILENT: ClassVar[bool] = False
    """with onlyforward=1 it has no loss in pjreddie's program either, as all kinds in the other."""
    AVERAGED: ClassVar[bool] = False
    """ema_alpha keeps a moving average of its weights."""
    CONVOLVES: ClassVar[bool] = False
    """it is a convolution or made of them: try_fix_nan repairs its kernels."""
    TOOL_FACTS: ClassVar[ToolFacts] = ToolFacts()
    """what the tools on weights files do with it; asked through `tool_facts`."""
    COUNTED: ClassVar[Counted] = Counted(0)
    """the totals its operations are part of."""
    LINE: ClassVar[str] = ""
    """Darknet's line of the layer table as a format of the layer and the shapes x (input) and y
    (output); without one the line is made of `table_row`."""
    PLAIN_LINE: ClassVar[str] = ""
    """the same in pjreddie's table, for kinds that have another line there."""
    TOLD: ClassVar[Mapping[str, str]] = {}
    """options whose defaults Darknet names before the line: key -> a format of the layer."""
    TOLD_AFTER: ClassVar[Mapping[str, str]] = {}
    """the same behind the line."""

    section: Section

    learning_rate: float = option(1.0)
    dontload: int = option(0)
    dontloadscales: int = option(0)
    dontsave: int = option(0)
    numload: int = option(0)
    onlyforward: int = option(0)
    stopbackward: int = option(0)
    truth: int = option(0, not_trained="labels come from files, never from a layer")
    smooth: float = option(0.0)
    clip: float = option(0.0)
    dont_update: int = option(0)
    burnin_update: int = option(0)
    train_only_bn: int = option(0)

    def references(self, index: int) -> tuple[int, ...]:
        """Indices of the layers read, first the one that sets the shape; -1 is the net's input."""
        return (index - 1,)

    def shape(self, ctx: LayerContext) -> Shape:
        """Output shape for one image; raises ShapeError when the inputs do not fit."""
        return ctx.input

    def flat(self, ctx: LayerContext) -> bool:
        """Whether the output is a mere row of values, without width and height."""
        return False

    def stored(self, ctx: LayerContext) -> Iterator[Stored]:
        """The tensors in the order the weights file holds them."""
        yield from ()

    def shares(self, index: int) -> int | None:
        """Index of the layer whose tensors this one uses instead of its own."""
        return None

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        """The output (N, C, H, W) for inputs (N, C, H, W)."""
        raise NotImplementedError

    def folded(self, ctx: LayerContext, weights: Weights) -> tuple[Layer, dict[str, torch.Tensor]]:
        """The same layer for inference, with batch normalisation folded into its weights."""
        return self, dict(weights)

    def fixed_size(self, ctx: LayerContext) -> str:
        """Why this layer keeps a converted program to one width and height, "" where it does not.

        What it says of itself, not of its input: layers that only follow such a layer say nothing.
        """
        return ""

    def progress_needs(self, fork: Fork) -> ProgressNeeds | None:
        """What it reads of `Run.progress`: None where its pass in training depends on none."""
        return None

    def trains(self, fork: Fork) -> bool:
        """Whether training moves its weights; batch statistics always move by themselves."""
        return True

    def moved_by_adam(self, fork: Fork) -> bool:
        """Whether adam=1 of [net] moves its weights by Adam, not with momentum."""
        return self.kind in fork.update.adam_kinds

    def weight_limit(self, fork: Fork, net: Net) -> float:
        """The largest magnitude that its weights may have in training, 0: any."""
        return 0.0

    def kernel_rule(self, fork: Fork) -> KernelRule:
        """What moves its weights beside their gradients, in training."""
        return KernelRule()

    def tool_facts(self, fork: Fork) -> ToolFacts:
        """What a program's tools on weights files do with it."""
        return self.TOOL_FACTS

    def flops(self, ctx: LayerContext, out: Shape) -> float:
        """Floating point operations for one image as AlexeyAB's program counts them."""
        return 0.0

    def operations(self, ctx: LayerContext, out: Shape) -> float:
        """Multiplications and additions for one image that `ops` counts, 0 for most kinds."""
        return self.flops(ctx, out) if Counted.OPS in self.COUNTED else 0.0

    def receptive_field(self, inputs: Sequence[ReceptiveField]) -> ReceptiveField:
        """Of its outputs, from those of the layers read. Darknet looks at the first alone."""
        return inputs[0]

    def table_row(self, ctx: LayerContext, out: Shape) -> tuple[str, str]:
        """The filters and the size/stride columns of `summary --json` and the benchmarks."""
        return "", ""

    def table_line(self, ctx: LayerContext, out: Shape) -> str:
        """Darknet's line in the table of layers, behind the index."""
        filters, size = self.table_row(ctx, out)
        plain = f"{self.kind:12} {filters:>5} {size:10} {{x.column}} -> {{y.column}}"
        return (self.LINE or plain).format(layer=self, x=ctx.input, y=out)

    def printed(self, ctx: LayerContext, out: Shape) -> Iterator[Printed]:
        """Its line and what Darknet prints with it: its parts, what some options come to."""
        yield Printed(f"{self.table_line(ctx, out)}\n")

    def plainly_printed(self, ctx: LayerContext, out: Shape) -> Iterator[Printed]:
        """The same in pjreddie's program."""
        yield Printed(f"{self.plain_line(ctx, out)}\n")

    def told(self, ctx: LayerContext) -> Iterator[Printed]:
        """What Darknet remarks on options before the line."""
        yield from told_defaults(self.section, self.TOLD, self)

    def plain_line(self, ctx: LayerContext, out: Shape) -> str:
        """pjreddie's line in his table, which has fewer columns."""
        line = self.PLAIN_LINE.format(layer=self, x=ctx.input, y=out)
        return line or self.table_line(ctx, out)

    def noted_sides(self, ctx: LayerContext) -> tuple[int, int]:
        """Width and height (l.w, l.h) that AlexeyAB's program notes: those of most kinds' input."""
        return ctx.input.w, ctx.input.h

    def averaged_outputs(self, ctx: LayerContext, out: Shape) -> int:
        """The outputs that enter its avg_outputs, 0 for a layer without noted sides."""
        return out.size if min(self.noted_sides(ctx)) > 1 else 0

    @property
    def hierarchy(self) -> Tree | None:
        """The class tree its scores descend; reads the file of tree=, raises DataError."""
        return None

    def at_temperature(self, temperature: float) -> Layer:
        """The layer with the temperature that `-temp` sets, for the kinds that have one."""
        return self

    def check(self, ctx: LayerContext, problems: Problems) -> None:
        """Adds notices that do not stop the network from being built."""

    @property
    def kind(self) -> str:
        return self.KIND

    def location(self, key: str = "") -> Location:
        return self.section.location(key)

    def shape_error(self, message: str, key: str = "") -> ShapeError:
        return ShapeError(message, self.location(key))


def make(kind: type[Layer], section: Section, **options: Any) -> Any:
    """A layer of `kind` with these options: how the parts of recurrent layers are made."""
    return kind(section=section, **options)


def require_positive(layer: Layer, **sizes: int) -> None:
    """Raises CfgError for a size below 1, which no layer can have."""
    for key, value in sizes.items():
        if value < 1:
            raise CfgError(f"read {value}, expected at least 1", layer.location(key))


def require_rows(layer: Layer, filters: int) -> None:
    """Raises BadOption where numload asks for more rows than there are."""
    if not 0 <= layer.numload <= filters:
        message = f"read {layer.numload}, expected 0 to {filters} (filters={filters})"
        raise BadOption(message, layer.location("numload"))


def passing(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """y with x's gradient: scoring layers of both programs hand deltas on as they come."""
    return y.detach() + x.reshape(y.shape) - x.reshape(y.shape).detach()


def replaced(layer: Layer, **changes: Any) -> Any:
    return dataclasses.replace(layer, **changes)
