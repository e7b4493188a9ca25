"""[detection]: the YOLOv1 head over a flat vector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from darknet_py.cfg.options import option
from darknet_py.deferred import deferred
from darknet_py.errors import Problems
from darknet_py.layers.base import Layer, Run, Site, Weights, require_positive
from darknet_py.layers.sections import section
from darknet_py.layers.shape import Shape

if TYPE_CHECKING:
    import torch
else:
    torch = deferred("torch")


@section("detection")
@dataclass(frozen=True, kw_only=True)
class Detection(Layer):
    """Class scores of side*side cells, then `num` confidences a cell, then `num` boxes a cell."""

    HEAD: ClassVar[bool] = True
    LINE: ClassVar[str] = "Detection Layer"
    NO_EFFECT: ClassVar[Mapping[str, str]] = {
        "reorg": "AlexeyAB's program reads it and never uses it",
    }

    coords: int = option(1)
    classes: int = option(1)
    num: int = option(1)
    side: int = option(7)
    softmax: int = option(0)
    sqrt: int = option(0)

    max: int | None = option(None)
    rescore: int = option(0)
    forced: int = option(0)
    jitter: float = option(0.2)
    resize: float = option(1.0)
    random: float = option(0.0)
    coord_scale: float = option(1.0)
    object_scale: float = option(1.0)
    noobject_scale: float = option(1.0)
    class_scale: float = option(1.0)

    @property
    def cells(self) -> int:
        return self.side * self.side

    def shape(self, at: Site) -> Shape:
        require_positive(
            self, classes=self.classes, num=self.num, side=self.side, coords=self.coords
        )
        return Shape(at.input.size, 1, 1)

    def check(self, at: Site, problems: Problems) -> None:
        needed = self.cells * (self.classes + self.num * (1 + self.coords))
        if at.input.size != needed:
            formula = f"side*side*(classes+num*(1+coords)) = {self.side}*{self.side}"
            formula += f"*({self.classes}+{self.num}*(1+{self.coords}))"
            message = (
                f"the layer above has {at.input.size} outputs, this head needs {formula} = {needed}"
            )
            problems.fail(self.misfit(message))

    def forward(
        self, at: Site, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        x = inputs[0].flatten(1)
        if self.softmax:
            count = self.cells * self.classes
            classes = x[:, :count].unflatten(1, (self.cells, self.classes))
            x = torch.cat([torch.softmax(classes, dim=2).flatten(1), x[:, count:]], dim=1)
        return x[:, :, None, None]

    def fixed_size(self, at: Site) -> str:
        return "it follows a matrix that fits one input size"

    def table_row(self, at: Site, out: Shape) -> tuple[str, str]:
        return "", f"{self.side} x {self.side}"
