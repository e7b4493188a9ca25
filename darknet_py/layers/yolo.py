"""[yolo] and [Gaussian_yolo]: anchor heads whose anchors are in pixels of the network's input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from darknet_py.boxes import MEASURES
from darknet_py.cfg.options import option
from darknet_py.errors import BadOption, Problems
from darknet_py.forks import Fork
from darknet_py.layers.arrays import functions_of
from darknet_py.layers.base import LayerContext, Run, Weights
from darknet_py.layers.box_embeddings import TRACKING, EmbeddedHead
from darknet_py.layers.head import (
    LOG_ROW,
    Head,
    RawBoxes,
    Suppression,
    anchor_sizes,
    check_anchor_count,
    check_channels,
    shares,
)
from darknet_py.layers.printed import Printed
from darknet_py.layers.sections import section
from darknet_py.layers.shape import Shape
from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
else:
    torch = deferred("torch")

YOLO_POINTS = {"center": 0.0, "left_top": 0.5, "right_bottom": -0.5}
"""Where x and y lie in the box: how much of w and h leads from there to the middle."""
NORMALIZERS = "(iou: {layer.iou_normalizer:.2f}, obj: {layer.obj_normalizer:.2f}, "
NORMALIZERS += "cls: {layer.cls_normalizer:.2f})"
_START = (
    "v3 ({layer.loss_word} loss, Normalizer: " + NORMALIZERS + " Region {index} "
    "Avg (IOU: {iou:f}), count: {boxes:.0f}, "
)
FULL_ROW = _START + (
    "class_loss = {class_loss:f}, iou_loss = {iou_loss:f}, total_loss = {total_loss:f} "
)
SHORT_ROW = _START + "total_loss = {total_loss:f} "
GAUSSIAN_ROW = LOG_ROW + (
    ", class_loss = {class_loss:.2f}, "
    "iou_loss = {iou_loss:.2f}, uc_loss = {uc_loss:.2f}, total_loss = {total_loss:.2f} "
)
PARAMS = (
    "iou loss: {layer.iou_loss} ({loss}), iou_norm: {layer.iou_normalizer:.2f}, "
    "obj_norm: {layer.obj_normalizer:.2f}, cls_norm: {layer.cls_normalizer:.2f}, "
    "delta_norm: {layer.delta_normalizer:.2f}, "
)
"""Of the table of layers. Darknet's numbers of the words:"""
LOSS_NUMBERS = {"iou": 0, "giou": 1, "mse": 2, "diou": 3, "ciou": 4}
NMS_NUMBERS = {"default": 0, "greedynms": 1, "diounms": 2}
POINT_NUMBERS = {"center": 1, "left_top": 2, "right_bottom": 4}
PER_IMAGE = ("class_loss", "iou_loss", "uc_loss", "total_loss")


@dataclass(frozen=True, kw_only=True, init=False, repr=False, eq=False)  # abstract
class AnchorHead(Head):
    """The options, checks and answers that [yolo] and [Gaussian_yolo] share."""

    TOLD: ClassVar[Mapping[str, str]] = {"classes": "{0.classes}", "num": "{0.num}"}
    TOLD_AFTER: ClassVar[Mapping[str, str]] = {
        "jitter": "{0.jitter:f}",
        "ignore_thresh": "{0.ignore_thresh:f}",
        "truth_thresh": "{0.truth_thresh:f}",
    }
    ANCHOR_UNIT: ClassVar[str] = "pixels"
    MASKED: ClassVar[bool] = True
    COORDINATES: ClassVar[int] = 4
    NMS_NUMBERS: ClassVar[Mapping[str, int]] = NMS_NUMBERS
    NO_EFFECT: ClassVar[Mapping[str, str]] = {
        "beta1": "neither fork reads it",
    }

    mask: tuple[int, ...] | None = option(None)
    anchors: tuple[float, ...] = option(())
    map: str | None = option(None)
    scale_x_y: float = option(1.0)
    nms_kind: str = option("default", words=("default", "greedynms", "diounms", "cornersnms"))
    beta_nms: float = option(0.6)

    ignore_thresh: float = option(0.5)
    truth_thresh: float = option(1.0)
    iou_thresh: float = option(1.0)
    iou_thresh_kind: str = option("iou", words=tuple(MEASURES))
    iou_loss: str = option("mse", words=("mse", *MEASURES))
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
    def coordinates(self) -> int:
        return self.COORDINATES

    @property
    def sizes(self) -> list[tuple[float, float]]:
        """(width, height) of this head's anchors in input pixels."""
        return anchor_sizes(self.anchors, self.num, self.masks)

    @property
    def suppression(self) -> Suppression:
        return Suppression(self.nms_kind, self.beta_nms)

    @property
    def loss_word(self) -> str:
        """What AlexeyAB's program calls iou_loss in its log."""
        return self.iou_loss if self.iou_loss in ("mse", "giou") else "iou"

    def delta_scale(self, fork: Fork) -> float:
        """delta_normalizer weighs what a head passes back, in AlexeyAB's GPU path."""
        return 1.0 if fork.loss.yolo_plain else self.delta_normalizer

    def description(self, fork: Fork) -> dict[str, Any]:
        return {
            "classes": self.classes,
            "mask": self.masks,
            "anchors": self.sizes,
            "unit": self.ANCHOR_UNIT,
            "scale_x_y": self.scale_x_y,
            "new_coords": 0,
        }

    def log_values(self, metrics: Mapping[str, float], images: int) -> Mapping[str, float]:
        each = {name: metrics[name] / images for name in PER_IMAGE if name in metrics}
        return {**metrics, **each}

    def check(self, ctx: LayerContext, problems: Problems) -> None:
        count = len(self.masks)
        formula = f"masks*(classes+{self.COORDINATES + 1}) = "
        formula += f"{count}*({self.classes}+{self.COORDINATES + 1})"
        check_channels(self, ctx, count * self.entries, formula, problems)
        self._check_masks(problems)
        check_anchor_count(self, self.anchors, self.num, problems)

    def _check_masks(self, problems: Problems) -> None:
        """A published file has masks above num that anchors follow: C reads past its array."""
        outside = [number for number in self.masks if not 0 <= number < self.num]
        if not outside:
            return
        message = f"read {outside[0]}, expected 0 to {self.num - 1} (num={self.num})"
        if min(outside) >= 0 and max(outside) < len(self.anchors) // 2:
            problems.warn(self.location("mask"), f"{message}; the anchors of that number are used")
        else:
            problems.fail(BadOption(message, self.location("mask")))

    def table_row(self, ctx: LayerContext, out: Shape) -> tuple[str, str]:
        return "", f"{len(self.masks)} anchors"

    @property
    def params(self) -> str:
        """What its normalizers and its loss are, as the table of layers says it."""
        return PARAMS.format(layer=self, loss=LOSS_NUMBERS.get(self.iou_loss, 0))

    def multipliers(self) -> Iterator[Printed]:
        """How much more counters_per_class makes of a rare class."""
        counts = [max(1, count) for count in self.counters_per_class]
        if counts:
            shares = (min(max(counts) / count, self.max_delta) for count in counts)
            factors = "".join(f"{share:.1f}, " for share in shares)
            yield Printed(f" classes_multipliers: {factors}\n", on_stdout=True)

    def suppression_line(self) -> Iterator[Printed]:
        """Darknet says nothing of its default."""
        if self.nms_kind != "default":
            number = self.NMS_NUMBERS.get(self.nms_kind, 0)
            text = f"nms_kind: {self.nms_kind} ({number}), beta = {self.beta_nms:f} \n"
            yield Printed(text, on_stdout=True)


class ByChannel(NamedTuple):
    """For channels (1, C, 1, 1) of a [yolo]: which are w or h; what x and y are stretched by.

    stretch: a factor and what is then taken off, 1 and 0 for other channels; None with scale_x_y=1.
    raw: no channel takes the logistic (new_coords).
    """

    size: torch.Tensor
    stretch: tuple[torch.Tensor, torch.Tensor] | None = None
    raw: bool = False


@section("yolo")
@dataclass(frozen=True, kw_only=True)
class Yolo(EmbeddedHead, AnchorHead):
    """Per anchor and cell: x, y, w, h, objectness, classes."""

    ANNOUNCED: ClassVar[int | None] = 28
    SPARES_FILTERS: ClassVar[bool] = True
    NO_EFFECT: ClassVar[Mapping[str, str]] = {
        **AnchorHead.NO_EFFECT,
        "uc_normalizer": "only [Gaussian_yolo] reads it",
    }

    new_coords: int = option(0)
    focal_loss: int = option(0)

    def printed(self, ctx: LayerContext, out: Shape) -> Iterator[Printed]:
        yield from super().printed(ctx, out)
        yield from self.multipliers()
        yield Printed(f"[yolo] params: {self.params}scale_x_y: {self.scale_x_y:.2f}\n")
        yield from self.suppression_line()

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        """Logistic on x, y, objectness and classes (not with new_coords), then x and y scaled."""
        return self.activated(inputs[0], self.by_channel(inputs[0], ctx.fork))

    def scale(self, fork: Fork) -> float:
        """scale_x_y, 1 where the fork does not read it."""
        return self.scale_x_y if fork.layers.yolo_scale_x_y else 1.0

    def squares(self, fork: Fork) -> bool:
        """Whether new_coords=1 counts: raw values in, sizes that are squared."""
        return bool(self.new_coords) and fork.layers.yolo_new_coords

    def by_channel(self, like: torch.Tensor, fork: Fork) -> ByChannel:
        """What `activated` needs, for inputs on the device and of the type of `like`."""
        count = len(self.masks) * self.entries
        entry = torch.arange(count, device=like.device).view(1, -1, 1, 1) % self.entries
        size, location = (entry == 2) | (entry == 3), entry < 2
        scale, raw = self.scale(fork), self.squares(fork)
        if scale == 1:
            return ByChannel(size, raw=raw)
        factor = torch.where(location, scale, 1.0).to(like.dtype)
        shift = torch.where(location, 0.5 * (scale - 1), 0.0).to(like.dtype)
        return ByChannel(size, (factor, shift), raw)

    def activated(self, x: torch.Tensor, by_channel: ByChannel) -> torch.Tensor:
        """The output for x (N, C, H, W): over all channels as they lie in memory, w and h put back.

        That takes half the time of taking the channels apart and joining them again.
        """
        y = x if by_channel.raw else torch.where(by_channel.size, x, torch.sigmoid(x))
        if by_channel.stretch is None:
            return y
        factor, shift = by_channel.stretch
        return y * factor - shift

    def boxes(self, raw: RawBoxes, fork: Fork) -> torch.Tensor:
        functions, extent = functions_of(raw.values), raw.values[..., 2:4]
        growth = (2 * extent) ** 2 if self.squares(fork) else functions.exp(extent)
        sizes = growth * shares(raw.anchor, raw.pixels)
        boxes: torch.Tensor = functions.cat([raw.centre(raw.values[..., :2]), sizes], -1)
        return boxes

    def description(self, fork: Fork) -> dict[str, Any]:
        counted = {"scale_x_y": self.scale(fork), "new_coords": int(self.squares(fork))}
        return {**super().description(fork), **counted}

    def check(self, ctx: LayerContext, problems: Problems) -> None:
        super().check(ctx, problems)
        read = {"scale_x_y": self.scale(ctx.fork), "new_coords": int(self.squares(ctx.fork))}
        unread = [key for key, value in read.items() if getattr(self, key) != value]
        if not ctx.fork.detect.tracks_embeddings:
            unread += [key for key in TRACKING if self.section.find(key)]
        for key in unread:
            problems.note(self.location(key), "no effect: pjreddie's program does not read it")

    def log_row(self, fork: Fork) -> str:
        if not fork.log.head_losses:
            return super().log_row(fork)
        return FULL_ROW if self.show_details else SHORT_ROW

    def log_values(self, metrics: Mapping[str, float], images: int) -> Mapping[str, float]:
        # With another loss than mse this is no part of the cost, but what Darknet prints.
        located = metrics["total_loss"] - metrics["class_loss"]
        shown = {**metrics, "iou_loss": located, "boxes": max(1.0, metrics["count"])}
        return super().log_values(shown, images)


def scaled(location: torch.Tensor, scale: float) -> torch.Tensor:
    """scale_x_y stretches a cell's location around its middle."""
    return location if scale == 1 else location * scale - 0.5 * (scale - 1)


@section("Gaussian_yolo")
@dataclass(frozen=True, kw_only=True)
class GaussianYolo(AnchorHead):
    """[yolo] with a standard deviation after each coordinate."""

    COORDINATES: ClassVar[int] = 8
    NMS_NUMBERS: ClassVar[Mapping[str, int]] = {**NMS_NUMBERS, "cornersnms": 3}
    ANNOUNCED: ClassVar[int | None] = 29
    NO_EFFECT: ClassVar[Mapping[str, str]] = {
        **AnchorHead.NO_EFFECT,
        **dict.fromkeys(TRACKING, "only [yolo] reads it"),
    }
    DIVISIBLE: ClassVar[int] = 1

    uc_normalizer: float = option(1.0)
    yolo_point: str = option("center", words=tuple(YOLO_POINTS))

    def table_line(self, ctx: LayerContext, out: Shape) -> str:
        """Its parameters; unlike [yolo] it has no line of its own in AlexeyAB's program."""
        point = POINT_NUMBERS[self.yolo_point]
        return f"[Gaussian_yolo] {self.params}scale: {self.scale_x_y:.2f}, point: {point}"

    def printed(self, ctx: LayerContext, out: Shape) -> Iterator[Printed]:
        yield from self.multipliers()
        yield from self.suppression_line()
        yield from super().printed(ctx, out)

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
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

    @property
    def mirror_fault(self) -> tuple[str, str] | None:
        if not YOLO_POINTS[self.yolo_point]:
            return None
        return f"boxes given by their centre, not yolo_point={self.yolo_point}", "yolo_point"

    def boxes(self, raw: RawBoxes, fork: Fork) -> torch.Tensor:
        means = raw.values[..., 0:8:2]
        sizes = torch.exp(means[..., 2:]) * shares(raw.anchor, raw.pixels)
        centre = raw.centre(means[..., :2]) + YOLO_POINTS[self.yolo_point] * sizes
        return torch.cat([centre, sizes], dim=-1)

    def scores(self, values: torch.Tensor, fork: Fork) -> torch.Tensor:
        """The surer a box is of its coordinates, the more its classes count."""
        certainty = 1 - values[..., 1:8:2].mean(dim=-1, keepdim=True)
        return super().scores(values, fork) * certainty

    def log_row(self, fork: Fork) -> str:
        return GAUSSIAN_ROW
