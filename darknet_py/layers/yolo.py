"""[yolo] and [Gaussian_yolo]: anchor heads whose anchors are in pixels of the network's input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from darknet_py.cfg.options import option
from darknet_py.deferred import deferred
from darknet_py.errors import BadOption, Problems
from darknet_py.layers.base import Layer, Run, Shape, Site, Weights, require_positive, section

if TYPE_CHECKING:
    import torch
else:
    torch = deferred("torch")

IOU_LOSSES = ("mse", "iou", "giou", "diou", "ciou")
IOU_KINDS = ("iou", "giou", "diou", "ciou")
_TRACKING = "it belongs to the object tracker of AlexeyAB's `demo`, which is not here"
YOLO_POINTS = {"center": 0.0, "left_top": 0.5, "right_bottom": -0.5}
"""Where x and y lie in the box: how much of w and h leads from there to the middle."""
UNSET_ANCHOR = 0.5
"""Both forks start anchors at .5; a list shorter than 2 * num leaves the rest there."""


def check_channels(layer: Layer, at: Site, needed: int, formula: str, problems: Problems) -> None:
    """The most common mistake of all: filters of the convolution above a head."""
    if at.input.c == needed:
        return
    above = at.above
    cure = f"; set filters={needed}"
    if above is not None:
        cure += f" at line {above.place('filters').line}"
    message = (
        f"the layer above has filters={at.input.c}, this head needs {formula} = {needed}{cure}"
    )
    problems.fail(layer.misfit(message))


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
    problems.warn(layer.place("anchors"), message)


@dataclass(frozen=True, kw_only=True)
class AnchorHead(Layer):
    """The options and checks that [yolo] and [Gaussian_yolo] share."""

    HEAD: ClassVar[bool] = True
    COORDINATES: ClassVar[int] = 4
    NO_EFFECT: ClassVar[Mapping[str, str]] = {
        "beta1": "neither fork reads it",
        "embedding_layer": _TRACKING,
        "track_history_size": _TRACKING,
        "sim_thresh": _TRACKING,
        "dets_for_track": _TRACKING,
        "dets_for_show": _TRACKING,
        "track_ciou_norm": _TRACKING,
    }

    classes: int = option(20)
    num: int = option(1)
    mask: tuple[int, ...] | None = option(None)
    anchors: tuple[float, ...] = option(())
    max: int | None = option(None)
    map: str | None = option(None)
    scale_x_y: float = option(1.0)
    nms_kind: str = option("default", words=("default", "greedynms", "diounms", "cornersnms"))
    beta_nms: float = option(0.6)

    jitter: float = option(0.2)
    resize: float = option(1.0)
    random: float = option(0.0)
    ignore_thresh: float = option(0.5)
    truth_thresh: float = option(1.0)
    iou_thresh: float = option(1.0)
    iou_thresh_kind: str = option("iou", words=IOU_KINDS)
    iou_loss: str = option("mse", words=IOU_LOSSES)
    iou_normalizer: float = option(0.75)
    obj_normalizer: float = option(1.0)
    cls_normalizer: float = option(1.0)
    delta_normalizer: float = option(1.0)
    max_delta: float = option(float("inf"))
    objectness_smooth: int = option(0)
    label_smooth_eps: float = option(0.0)
    counters_per_class: tuple[int, ...] = option(())
    show_details: int = option(1)

    @property
    def masks(self) -> tuple[int, ...]:
        """Numbers of this head's anchors; all of them when no mask is written."""
        return tuple(range(self.num)) if self.mask is None else self.mask

    @property
    def entries(self) -> int:
        """Values per anchor and cell: coordinates, objectness, classes."""
        return self.COORDINATES + 1 + self.classes

    @property
    def sizes(self) -> list[tuple[float, float]]:
        """(width, height) of this head's anchors in input pixels."""
        padded = [*self.anchors, *[UNSET_ANCHOR] * (2 * self.num)]
        return [(padded[2 * number], padded[2 * number + 1]) for number in self.masks]

    def shape(self, at: Site) -> Shape:
        require_positive(self, classes=self.classes, num=self.num)
        return at.input

    def check(self, at: Site, problems: Problems) -> None:
        count = len(self.masks)
        formula = f"masks*(classes+{self.COORDINATES + 1}) = "
        formula += f"{count}*({self.classes}+{self.COORDINATES + 1})"
        check_channels(self, at, count * self.entries, formula, problems)
        self._check_masks(problems)
        check_anchor_count(self, self.anchors, self.num, problems)

    def _check_masks(self, problems: Problems) -> None:
        """A published file has masks over num that anchors follow: C reads past its array."""
        outside = [number for number in self.masks if not 0 <= number < self.num]
        if not outside:
            return
        message = f"read {outside[0]}, expected 0 to {self.num - 1} (num={self.num})"
        if min(outside) >= 0 and max(outside) < len(self.anchors) // 2:
            problems.warn(self.place("mask"), f"{message}; the anchors of that number are used")
        else:
            problems.fail(BadOption(message, self.place("mask")))

    def table_row(self, at: Site, out: Shape) -> tuple[str, str]:
        return "", f"{len(self.masks)} anchors"


class ByChannel(NamedTuple):
    """For channels (1, C, 1, 1) of a [yolo]: which are w or h; what x and y are stretched by.

    stretch: a factor and what is then taken off, 1 and 0 for other channels; None with scale_x_y=1.
    """

    size: torch.Tensor
    stretch: tuple[torch.Tensor, torch.Tensor] | None = None


@section("yolo")
@dataclass(frozen=True, kw_only=True)
class Yolo(AnchorHead):
    """Per anchor and cell: x, y, w, h, objectness, classes."""

    NO_EFFECT: ClassVar[Mapping[str, str]] = {
        **AnchorHead.NO_EFFECT,
        "uc_normalizer": "only [Gaussian_yolo] reads it",
    }

    new_coords: int = option(0)
    focal_loss: int = option(0)

    def forward(
        self, at: Site, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        """Logistic on x, y, objectness and classes (not with new_coords), then x and y scaled."""
        return self.activated(inputs[0], self.by_channel(inputs[0]))

    def by_channel(self, like: torch.Tensor) -> ByChannel:
        """What `activated` needs, for inputs on the device and of the type of `like`."""
        count = len(self.masks) * self.entries
        entry = torch.arange(count, device=like.device).view(1, -1, 1, 1) % self.entries
        size, location = (entry == 2) | (entry == 3), entry < 2
        if self.scale_x_y == 1:
            return ByChannel(size)
        factor = torch.where(location, self.scale_x_y, 1.0).to(like.dtype)
        shift = torch.where(location, 0.5 * (self.scale_x_y - 1), 0.0).to(like.dtype)
        return ByChannel(size, (factor, shift))

    def activated(self, x: torch.Tensor, by_channel: ByChannel) -> torch.Tensor:
        """The output for x (N, C, H, W): over all channels as they lie in memory, w and h put back.

        That takes half the time of taking the channels apart and joining them again.
        """
        y = x if self.new_coords else torch.where(by_channel.size, x, torch.sigmoid(x))
        if by_channel.stretch is None:
            return y
        factor, shift = by_channel.stretch
        return y * factor - shift


def scaled(location: torch.Tensor, scale: float) -> torch.Tensor:
    """scale_x_y stretches a cell's location around its middle."""
    return location if scale == 1 else location * scale - 0.5 * (scale - 1)


@section("Gaussian_yolo")
@dataclass(frozen=True, kw_only=True)
class GaussianYolo(AnchorHead):
    """[yolo] with a standard deviation after each coordinate."""

    COORDINATES: ClassVar[int] = 8

    uc_normalizer: float = option(1.0)
    yolo_point: str = option("center", words=tuple(YOLO_POINTS))

    def forward(
        self, at: Site, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        """Logistic on all but the means of w and h, then the means of x and y scaled."""
        raw = inputs[0].unflatten(1, (len(self.masks), self.entries))
        x = torch.sigmoid(raw)
        x_mean, y_mean = (scaled(x[:, :, i : i + 1], self.scale_x_y) for i in (0, 2))
        w_mean, h_mean = raw[:, :, 4:5], raw[:, :, 6:7]
        deviations = (x[:, :, i : i + 1] for i in (1, 3, 5, 7))
        pairs = zip((x_mean, y_mean, w_mean, h_mean), deviations, strict=True)
        columns = [part for pair in pairs for part in pair]
        return torch.cat([*columns, x[:, :, 8:]], dim=2).flatten(1, 2)
