"""What [yolo] and [Gaussian_yolo] share: anchors in pixels of the network's input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from darknet_py.boxes import MEASURES
from darknet_py.cfg.options import option
from darknet_py.errors import BadOption, Problems
from darknet_py.forks import Fork
from darknet_py.layers.base import LayerContext
from darknet_py.layers.head import (
    Head,
    Suppression,
    anchor_sizes,
    check_anchor_count,
    check_channels,
)
from darknet_py.layers.printed import Printed
from darknet_py.layers.shape import Shape
from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
else:
    torch = deferred("torch")

NORMALIZERS = "(iou: {layer.iou_normalizer:.2f}, obj: {layer.obj_normalizer:.2f}, "
NORMALIZERS += "cls: {layer.cls_normalizer:.2f})"
PARAMS = (
    "iou loss: {layer.iou_loss} ({loss}), iou_norm: {layer.iou_normalizer:.2f}, "
    "obj_norm: {layer.obj_normalizer:.2f}, cls_norm: {layer.cls_normalizer:.2f}, "
    "delta_norm: {layer.delta_normalizer:.2f}, "
)
"""Of the table of layers. Darknet's numbers of the words:"""
LOSS_NUMBERS = {"iou": 0, "giou": 1, "mse": 2, "diou": 3, "ciou": 4}
NMS_NUMBERS = {"default": 0, "greedynms": 1, "diounms": 2}
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


def scaled(location: torch.Tensor, scale: float) -> torch.Tensor:
    """scale_x_y stretches a cell's location around its middle."""
    return location if scale == 1 else location * scale - 0.5 * (scale - 1)
