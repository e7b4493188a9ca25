"""What every section kind answers: its options, inputs, shape, stored tensors and arithmetic."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

from darknet_py.cfg.options import option, read_options
from darknet_py.cfg.text import Section
from darknet_py.errors import CfgError, Place, Problems, ShapeError, UnknownSection, nearest
from darknet_py.forks import Fork

if TYPE_CHECKING:
    import torch

    from darknet_py.layers.net import Net

INPUT = -1
"""Index of the network's own input, where layers have 0 and up."""


class Shape(NamedTuple):
    """Channels, height and width of one image's output; vectors are (n, 1, 1)."""

    c: int
    h: int
    w: int

    @property
    def size(self) -> int:
        return self.c * self.h * self.w

    def __str__(self) -> str:
        return f"{self.w} x {self.h} x {self.c}"


@dataclass(frozen=True)
class Stored:
    """One tensor of a layer as the weights file holds it.

    role says how it trains and starts: "bias", "scale", "mean", "variance" or "weight".
    fan_in scales the random start. rows: only that many leading rows are in the file when loading
    (numload). turned: "old" when files of old programs hold the matrix transposed, "always" for
    flipped=1. start: the mean and half-width of a uniform random start. in_file: False for a tensor
    that this fork keeps out of the file.
    """

    name: str
    shape: tuple[int, ...]
    role: str
    fan_in: int = 0
    rows: int | None = None
    turned: str = ""
    start: tuple[float, float] | None = None
    in_file: bool = True

    @property
    def size(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True)
class Node:
    """A layer in its place: index, inputs by index (-1 is the network's input), shapes."""

    index: int
    layer: Layer
    inputs: tuple[int, ...]
    shapes: tuple[Shape, ...]
    out: Shape


@dataclass(frozen=True)
class Site:
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


@dataclass
class Run:
    """One pass through a network.

    training: batch statistics and dropout are active. state: what recurrent layers carry from one
    pass to the next, by layer index; None starts every pass from zero. held: filled by `trace`
    where the C program's output buffer holds something else than what it passes on.
    taps: filled with the inputs of the layers in `wanted`. still: layers no gradient passes.
    frozen: layers before this index run as at inference. synced: batch statistics are taken over
    all processes of a distributed training instead of each one's own.
    """

    training: bool = False
    state: dict[int, Any] | None = None
    held: dict[int, torch.Tensor] | None = None
    wanted: frozenset[int] = frozenset()
    taps: dict[int, torch.Tensor] = field(default_factory=dict)
    still: frozenset[int] = frozenset()
    frozen: int = 0
    synced: bool = False

    def at(self, index: int) -> Run:
        """The run as layer `index` sees it."""
        return dataclasses.replace(self, training=False) if index < self.frozen else self


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Base of all section kinds: the options every section takes, and the contract's defaults."""

    KIND: ClassVar[str] = ""
    NAMES: ClassVar[tuple[str, ...]] = ()
    NO_EFFECT: ClassVar[Mapping[str, str]] = {}
    HEAD: ClassVar[bool] = False
    """the output is decoded to boxes; `net(x)` returns it."""
    READS_IMAGES: ClassVar[bool] = False
    """the input must have a width and a height."""

    section: Section

    learning_rate: float = option(1.0)
    dontload: int = option(0)
    dontloadscales: int = option(0)
    dontsave: int = option(0)
    numload: int = option(0)
    onlyforward: int = option(0)
    stopbackward: int = option(0)
    truth: int = option(0)
    smooth: float = option(0.0)
    clip: float = option(0.0)
    dont_update: int = option(0)
    burnin_update: int = option(0)
    train_only_bn: int = option(0)

    def references(self, index: int) -> tuple[int, ...]:
        """Indices of the layers read, first the one that sets the shape; -1 is the net's input."""
        return (index - 1,)

    def shape(self, at: Site) -> Shape:
        """Output shape for one image; raises ShapeError when the inputs do not fit."""
        return at.input

    def flat(self, at: Site) -> bool:
        """Whether the output is a mere row of values, without width and height."""
        return False

    def stored(self, at: Site) -> Iterator[Stored]:
        """The tensors in the order the weights file holds them."""
        yield from ()

    def shares(self, index: int) -> int | None:
        """Index of the layer whose tensors this one uses instead of its own."""
        return None

    def forward(
        self, at: Site, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        """The output (N, C, H, W) for inputs (N, C, H, W)."""
        raise NotImplementedError

    def folded(self, at: Site, weights: Weights) -> tuple[Layer, dict[str, torch.Tensor]]:
        """The same layer for inference, with batch normalisation folded into its weights."""
        return self, dict(weights)

    def flops(self, at: Site, out: Shape) -> float:
        """Floating point operations for one image as AlexeyAB's program counts them."""
        return 0.0

    def table_row(self, at: Site, out: Shape) -> tuple[str, str]:
        """The filters and the size/stride columns of `summary`."""
        return "", ""

    def check(self, at: Site, problems: Problems) -> None:
        """Findings that do not stop the network from being built."""

    @property
    def kind(self) -> str:
        return self.KIND

    def place(self, key: str = "") -> Place:
        return self.section.place(key)

    def misfit(self, message: str, key: str = "") -> ShapeError:
        return ShapeError(message, self.place(key))


SECTIONS: dict[str, type[Layer]] = {}
"""Every section name of both forks (without [net]) -> its kind."""

L = TypeVar("L", bound=type[Layer])


def section(*names: str) -> Callable[[L], L]:
    """Register a kind under its section names; the first is its own name."""

    def register(kind: L) -> L:
        for name in names:
            if name in SECTIONS:
                raise ValueError(f"section [{name}] is registered twice")
            SECTIONS[name] = kind
        kind.KIND, kind.NAMES = names[0], names
        return kind

    return register


def resolve(reference: int, index: int) -> int:
    """Darknet's layer index: negative is relative to this layer, 0 and up is absolute."""
    return index + reference if reference < 0 else reference


def resolve_all(layer: Layer, key: str, references: Sequence[int], index: int) -> tuple[int, ...]:
    """Absolute indices of `references`; raises ShapeError for one that is not an earlier layer."""
    indices = tuple(resolve(reference, index) for reference in references)
    for reference, absolute in zip(references, indices, strict=True):
        if not 0 <= absolute < index:
            meant = f"layer {absolute}"
            allowed = f"0 to {index - 1} or -1 to -{index}" if index else "none: this is layer 0"
            message = f"read {reference} = {meant}, expected an earlier layer: {allowed}"
            raise layer.misfit(message, key)
    return indices


def make(kind: type[Layer], section: Section, **options: Any) -> Any:
    """A layer of `kind` with these options: how the parts of recurrent layers are made."""
    return kind(section=section, **options)


def read_layer(section: Section, problems: Problems) -> Layer:
    """The spec of a section; raises UnknownSection with the nearest name."""
    kind = SECTIONS.get(section.name)
    if kind is None:
        raise UnknownSection(_unknown(section.name), section.place())
    return kind(section=section, **read_options(kind, section, problems))


def _unknown(name: str) -> str:
    if name in ("net", "network"):
        return "a second [net] is not a layer; only the first section may be [net]"
    if "]" in name:
        return "what follows the ] counts as part of the name; put comments on lines of their own"
    hint = nearest(name, SECTIONS)
    return (
        f"unknown section; known are {', '.join(SECTIONS)}"
        if not hint
        else f"unknown section{hint}"
    )


def require_positive(layer: Layer, **sizes: int) -> None:
    """Raises BadOption-like CfgError for a size below 1, which no layer can have."""
    for key, value in sizes.items():
        if value < 1:
            raise CfgError(f"read {value}, expected at least 1", layer.place(key))


def passing(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """y with x's gradient: scoring layers of both programs hand deltas on as they come."""
    return y.detach() + x.reshape(y.shape) - x.reshape(y.shape).detach()


def replaced(layer: Layer, **changes: Any) -> Any:
    return dataclasses.replace(layer, **changes)
