"""What every detection head answers to the rooms that decode, train, draw, export and describe it.

A head gives, for every cell of a grid and every anchor, `entries` values: coordinates, objectness
and one score a class. Whoever asks anything else of a head asks it here, never for its kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from darknet_py.cfg.options import option
from darknet_py.errors import Problems
from darknet_py.forks import Fork
from darknet_py.layers.arrays import functions_of
from darknet_py.layers.base import Layer, LayerContext, require_positive
from darknet_py.layers.device_constant import DeviceConstant
from darknet_py.layers.shape import Shape
from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch

    Sides = torch.Tensor | tuple[Any, Any]
    """A width and a height: one tensor (2,), or two numbers that an exporter is recording."""
else:
    torch = deferred("torch")

MOST_CLASSES, MOST_ANCHORS, MOST_LABELS = 1_000_000, 10_000, 100_000
"""Limits against hostile files: names, masks and labels are lists of so many; YOLO9000 has 9418
classes, the largest published heads 9 or 10 anchors, and 200 labels."""
DEFAULT_ANCHOR = 0.5
"""Both forks start anchors at .5; a list shorter than 2 * num leaves the rest there."""
LOG_ROW = (
    "Region {index} Avg IOU: {iou:f}, Class: {class:f}, Obj: {obj:f}, No Obj: {no_obj:f}, "
    ".5R: {recall50:f}, .75R: {recall75:f},  count: {count:.0f}"
)
"""pjreddie's line for a head in training."""


class Suppression(NamedTuple):
    """The kind of NMS a network's cfg asks for, its beta, and whether boxes are sorted after it."""

    kind: str = "default"
    beta: float = 0.6
    sorts: bool = True


@dataclass(frozen=True)
class RawBoxes:
    """Boxes of one head before they are decoded; the leading axes of its tensors broadcast.

    values: (..., E) as the head's output holds them, E its `entries`. corner: (..., 2) column and
    row of the box's cell. anchor: (..., 2) width and height in the head's own unit. grid: columns
    and rows of cells. pixels: width and height of the network's input.
    """

    values: torch.Tensor
    corner: torch.Tensor
    anchor: torch.Tensor
    grid: Sides
    pixels: Sides

    def centre(self, location: torch.Tensor) -> torch.Tensor:
        """(..., 2) as shares of the input, for a location (..., 2) within the cell."""
        return shares(self.corner + location, self.grid)


def shares(values: torch.Tensor, sides: Sides) -> torch.Tensor:
    """values (..., 2) as shares of a width and a height."""
    if not isinstance(sides, tuple):
        return values / sides
    # A tensor made of the two would be a constant in what an exporter records.
    width, height = sides
    return functions_of(values).cat([values[..., :1] / width, values[..., 1:] / height], -1)


@dataclass(frozen=True, kw_only=True, init=False, repr=False, eq=False)  # abstract
class Head(Layer):
    """Base of the detection heads: the options all of them take, and the contract's defaults."""

    HEAD: ClassVar[bool] = True
    LINE: ClassVar[str] = "{layer.kind}"
    ANCHOR_UNIT: ClassVar[str] = ""
    """what anchors= is measured in: "pixels" of the network's input or "cells"; "": no anchors."""
    MASKED: ClassVar[bool] = False
    """the heads of a network share one list of anchors, of which each takes those of mask=."""
    MIRRORS: ClassVar[bool] = True
    """the output for a mirrored image can be mirrored back, cell by cell."""
    DIVISIBLE: ClassVar[int] = 32
    """AlexeyAB's program warns of input sizes that this does not divide; 1: of none."""
    SPARES_FILTERS: ClassVar[bool] = False
    """weights_reject_freq of [net] leaves the filters shortly before it as they are."""
    ANNOUNCED: ClassVar[int | None] = None
    """AlexeyAB's number of the layer type, for a kind whose heads its program announces."""

    classes: int = option(20, high=MOST_CLASSES)
    num: int = option(1, high=MOST_ANCHORS)
    max: int | None = option(None, high=MOST_LABELS)
    jitter: float = option(0.2)
    resize: float = option(1.0)
    random: float = option(0.0)

    @property
    def coordinates(self) -> int:
        """Values of a box before its objectness."""
        return 4

    @property
    def entries(self) -> int:
        """Values per anchor and cell: coordinates, objectness, classes."""
        return self.coordinates + 1 + self.classes

    @property
    def masks(self) -> tuple[int, ...]:
        """Numbers of this head's anchors."""
        return tuple(range(self.num))

    @property
    def sizes(self) -> list[tuple[float, float]]:
        """(width, height) of this head's anchors in ANCHOR_UNIT; whole images without anchors."""
        return [(1.0, 1.0)] * self.num

    @cached_property
    def anchor_table(self) -> DeviceConstant:
        """`sizes` (A, 2) for whoever computes with them."""
        return DeviceConstant(self.sizes)

    @property
    def label_grid(self) -> int:
        """The side of the grid that training has its labels laid out in, 0 for rows of boxes."""
        return 0

    @property
    def filters_per_class(self) -> int:
        """What one class more adds to filters= of the convolution before it; 0 without one."""
        return len(self.masks)

    @property
    def suppression(self) -> Suppression | None:
        """The NMS it asks for; None leaves the choice to an earlier head."""
        return Suppression()

    @property
    def mirror_fault(self) -> tuple[str, str] | None:
        """What mirroring needs, which an option denies, and that option's key."""
        return None

    def shape(self, ctx: LayerContext) -> Shape:
        require_positive(self, classes=self.classes, num=self.num)
        return ctx.input

    def default_labels(self, fork: Fork) -> int:
        """Labels of one image that training takes when max= is not written."""
        return fork.samples.most_labels

    def most_labels(self, fork: Fork) -> int:
        """Labels of one image that training takes."""
        return self.default_labels(fork) if self.max is None else self.max

    def delta_scale(self, fork: Fork) -> float:
        """What the delta is multiplied by before it is passed back."""
        return 1.0

    def description(self, fork: Fork) -> dict[str, Any]:
        """What a program that reads an exported file must know to decode the output."""
        return {"classes": self.classes, "anchors": self.sizes, "unit": self.ANCHOR_UNIT}

    def log_row(self, fork: Fork) -> str:
        """Darknet's line for a sub-batch: a format of `layer`, `index` and `log_values`."""
        return LOG_ROW

    def log_values(self, metrics: Mapping[str, float], images: int) -> Mapping[str, float]:
        """What the line shows, of the loss's metrics for this many images."""
        return metrics

    def grid(self, out: Shape) -> tuple[int, int]:
        """Columns and rows of cells of an output of this shape."""
        return out.w, out.h

    def by_cell(self, output: torch.Tensor, columns: int, rows: int) -> torch.Tensor:
        """An output (N, C, H, W) as (N, rows, columns, anchors, entries)."""
        shape = (-1, len(self.masks), self.entries, rows, columns)
        return functions_of(output).permute(output.reshape(shape), (0, 3, 4, 1, 2))

    def objectness(self, values: torch.Tensor, fork: Fork) -> torch.Tensor:
        """(...) in [0, 1] of raw values (..., E)."""
        return values[..., self.coordinates]

    def class_values(self, values: torch.Tensor) -> torch.Tensor:
        """(..., C) of raw values (..., E)."""
        return values[..., self.coordinates + 1 :]

    def boxes(self, raw: RawBoxes, fork: Fork) -> torch.Tensor:
        """(..., 4) centre x, y, width, height as shares of the network's input."""
        raise NotImplementedError

    def scores(self, values: torch.Tensor, fork: Fork) -> torch.Tensor:
        """(..., C) in [0, 1] of raw values (..., E), for classes that stand side by side."""
        return self.objectness(values, fork)[..., None] * self.class_values(values)

    def mirrored(self, output: torch.Tensor, fork: Fork) -> torch.Tensor:
        """The output (N, A * E, H, W) of a mirrored image as of the image itself.

        pjreddie's program takes -x for the location in the cell, which moves every box by half a
        cell; the mirror image of x in 0..1 is 1 - x.
        """
        cells = output.flip(3).unflatten(1, (len(self.masks), -1)).clone()
        cells[:, :, 0] = self.mirrored_x(cells[:, :, 0], fork)
        return cells.flatten(1, 2)

    def mirrored_x(self, x: torch.Tensor, fork: Fork) -> torch.Tensor:
        """Where in a mirrored cell lies what was at x."""
        return 1 - x


def anchor_sizes(
    anchors: Sequence[float], num: int, numbers: Sequence[int]
) -> list[tuple[float, float]]:
    """(width, height) of the anchors of these numbers; those not written are DEFAULT_ANCHOR."""
    padded = [*anchors, *[DEFAULT_ANCHOR] * (2 * num)]
    return [(padded[2 * number], padded[2 * number + 1]) for number in numbers]


def check_channels(
    layer: Layer, ctx: LayerContext, needed: int, formula: str, problems: Problems
) -> None:
    """The most common mistake of all: filters of the convolution above a head."""
    if ctx.input.c == needed:
        return
    above = ctx.above
    cure = f"; set filters={needed}"
    if above is not None:
        cure += f" at line {above.location('filters').line}"
    message = (
        f"the layer above has filters={ctx.input.c}, this head needs {formula} = {needed}{cure}"
    )
    problems.fail(layer.shape_error(message))


def check_anchor_count(
    layer: Layer, anchors: Sequence[float], num: int, problems: Problems
) -> None:
    """Warns about anchors= of another length than 2*num; the C programs say nothing."""
    count = len(anchors)
    if count == 2 * num:
        return
    message = f"{count} numbers, expected 2*num = {2 * num}"
    if count % 2:
        message += ", pairs of width and height: is a comma missing?"
    elif count < 2 * num:
        message += "; missing anchors count as 0.5"
    problems.warn(layer.location("anchors"), message)
