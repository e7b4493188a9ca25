"""[Gaussian_yolo]: boxes whose coordinates say how sure they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from darknet_py.cfg.options import option
from darknet_py.forks import Fork
from darknet_py.layers.anchor_head import NMS_NUMBERS, AnchorHead, scaled
from darknet_py.layers.base import LayerContext, Run, Weights
from darknet_py.layers.box_embeddings import TRACKING
from darknet_py.layers.head import (
    LOG_ROW,
    RawBoxes,
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
POINT_NUMBERS = {"center": 1, "left_top": 2, "right_bottom": 4}
GAUSSIAN_ROW = LOG_ROW + (
    ", class_loss = {class_loss:.2f}, "
    "iou_loss = {iou_loss:.2f}, uc_loss = {uc_loss:.2f}, total_loss = {total_loss:.2f} "
)


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
