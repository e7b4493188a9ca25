"""[detection]: the YOLOv1 head over a flat vector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from darknet_py.cfg.options import option
from darknet_py.errors import Problems
from darknet_py.forks import Fork
from darknet_py.layers.base import LayerContext, Run, Weights, require_positive
from darknet_py.layers.head import MOST_CLASSES, Head, RawBoxes, Suppression
from darknet_py.layers.sections import section
from darknet_py.layers.shape import Shape
from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
else:
    torch = deferred("torch")

DETECTION_ROW = (
    "Detection Avg IOU: {iou:f}, Pos Cat: {class:f}, All Cat: {all_class:f}, "
    "Pos Obj: {obj:f}, Any Obj: {any_obj:f}, count: {count:.0f}"
)


@section("detection")
@dataclass(frozen=True, kw_only=True)
class Detection(Head):
    """Class scores of side*side cells, then `num` confidences a cell, then `num` boxes a cell."""

    TOLD: ClassVar[Mapping[str, str]] = {
        "coords": "{0.coords}",
        "classes": "{0.classes}",
        "rescore": "{0.rescore}",
        "num": "{0.num}",
        "side": "{0.side}",
    }
    TOLD_AFTER: ClassVar[Mapping[str, str]] = {
        "softmax": "{0.softmax}",
        "sqrt": "{0.sqrt}",
        "coord_scale": "{0.coord_scale:f}",
        "forced": "{0.forced}",
        "object_scale": "{0.object_scale:f}",
        "noobject_scale": "{0.noobject_scale:f}",
        "class_scale": "{0.class_scale:f}",
        "jitter": "{0.jitter:f}",
    }
    MIRRORS: ClassVar[bool] = False
    LINE: ClassVar[str] = "Detection Layer"
    NO_EFFECT: ClassVar[Mapping[str, str]] = {
        "reorg": "AlexeyAB's program reads it and never uses it",
    }

    coords: int = option(1)
    classes: int = option(1, high=MOST_CLASSES)
    side: int = option(7)
    softmax: int = option(0)
    sqrt: int = option(0)

    rescore: int = option(0)
    forced: int = option(0)
    coord_scale: float = option(1.0)
    object_scale: float = option(1.0)
    noobject_scale: float = option(1.0)
    class_scale: float = option(1.0)

    @property
    def cells(self) -> int:
        return self.side * self.side

    @property
    def coordinates(self) -> int:
        return self.coords

    @property
    def label_grid(self) -> int:
        return self.side

    @property
    def filters_per_class(self) -> int:
        return 0

    @property
    def suppression(self) -> Suppression | None:
        return None

    def description(self, fork: Fork) -> dict[str, Any]:
        return {
            "classes": self.classes,
            "side": self.side,
            "num": self.num,
            "sqrt": self.sqrt,
        }

    def log_row(self, fork: Fork) -> str:
        return DETECTION_ROW

    def shape(self, ctx: LayerContext) -> Shape:
        require_positive(
            self, classes=self.classes, num=self.num, side=self.side, coords=self.coords
        )
        return Shape(ctx.input.size, 1, 1)

    def check(self, ctx: LayerContext, problems: Problems) -> None:
        needed = self.cells * (self.classes + self.num * (1 + self.coords))
        if ctx.input.size != needed:
            formula = f"side*side*(classes+num*(1+coords)) = {self.side}*{self.side}"
            formula += f"*({self.classes}+{self.num}*(1+{self.coords}))"
            message = f"the layer above has {ctx.input.size} outputs, this head needs"
            message += f" {formula} = {needed}"
            problems.fail(self.shape_error(message))

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        x = inputs[0].flatten(1)
        if self.softmax:
            count = self.cells * self.classes
            classes = x[:, :count].unflatten(1, (self.cells, self.classes))
            x = torch.cat([torch.softmax(classes, dim=2).flatten(1), x[:, count:]], dim=1)
        return x[:, :, None, None]

    def fixed_size(self, ctx: LayerContext) -> str:
        return "it follows a matrix that fits one input size"

    def noted_sides(self, ctx: LayerContext) -> tuple[int, int]:
        return self.side, self.side

    def table_row(self, ctx: LayerContext, out: Shape) -> tuple[str, str]:
        return "", f"{self.side} x {self.side}"

    def grid(self, out: Shape) -> tuple[int, int]:
        return self.side, self.side

    def parts(self, output: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """(N, cells, classes), (N, cells, num) confidences and (N, cells, num, coords) boxes."""
        flat, cells = output.flatten(1), self.cells
        widths = [cells * self.classes, cells * self.num, cells * self.num * self.coords]
        classes, confidence, boxes = flat.split(widths, dim=1)
        return (
            classes.reshape(-1, cells, self.classes),
            confidence.reshape(-1, cells, self.num),
            boxes.reshape(-1, cells, self.num, self.coords),
        )

    def by_cell(self, output: torch.Tensor, columns: int, rows: int) -> torch.Tensor:
        """The parts side by side; the classes of a cell are those of each of its boxes."""
        classes, confidence, boxes = self.parts(output)
        classes = classes[:, :, None].expand(-1, -1, self.num, -1)
        values = torch.cat([boxes, confidence[..., None], classes], dim=3)
        return values.reshape(-1, rows, columns, self.num, self.entries)

    def boxes(self, raw: RawBoxes, fork: Fork) -> torch.Tensor:
        """Relative in both forks here; AlexeyAB's `detector test` mixes in pixels."""
        extent = raw.values[..., 2:4]
        sizes = extent**2 if self.sqrt else extent
        return torch.cat([raw.centre(raw.values[..., :2]), sizes], dim=-1)
