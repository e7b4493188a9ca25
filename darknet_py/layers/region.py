"""[region]: the YOLOv2 head, whose anchors are in grid cells; also with a class tree (YOLO9000)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from darknet_py.cfg.options import option
from darknet_py.errors import BadOption, Problems
from darknet_py.forks import Fork
from darknet_py.layers.base import LayerContext, Run, Weights
from darknet_py.layers.head import (
    Head,
    RawBoxes,
    anchor_sizes,
    check_anchor_count,
    check_channels,
    shares,
)
from darknet_py.layers.sections import section
from darknet_py.layers.shape import Shape
from darknet_py.layers.tree import Tree, read_map, read_tree
from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
else:
    torch = deferred("torch")

REGION_ROW = (
    "Region Avg IOU: {iou:f}, Class: {class:f}, Obj: {obj:f}, No Obj: {no_obj:f}, "
    "Avg Recall: {recall50:f},  count: {count:.0f}"
)


@section("region")
@dataclass(frozen=True, kw_only=True)
class Region(Head):
    """Per anchor and cell: coordinates, objectness, class scores."""

    MAY_BE_SILENT: ClassVar[bool] = True
    TOLD: ClassVar[Mapping[str, str]] = {
        "coords": "{0.coords}",
        "classes": "{0.classes}",
        "num": "{0.num}",
    }
    TOLD_AFTER: ClassVar[Mapping[str, str]] = {
        "softmax": "{0.softmax}",
        "jitter": "{0.jitter:f}",
        "thresh": "{0.thresh:f}",
        "coord_scale": "{0.coord_scale:f}",
        "object_scale": "{0.object_scale:f}",
        "noobject_scale": "{0.noobject_scale:f}",
        "mask_scale": "1.000000",
        "class_scale": "{0.class_scale:f}",
    }
    ANCHOR_UNIT: ClassVar[str] = "cells"
    LINE: ClassVar[str] = "detection"
    ANNOUNCED: ClassVar[int | None] = 27
    NO_EFFECT: ClassVar[Mapping[str, str]] = {
        "absolute": "both forks read it and never use it",
        "log": "both forks read it and never use it",
        "sqrt": "both forks read it and never use it",
        "mask_scale": "it is for labels with masks, which neither program's loader reads",
    }

    coords: int = option(4, low=4)
    anchors: tuple[float, ...] = option(())
    softmax: int = option(0)
    background: int = option(0)
    tree: str | None = option(None)
    map: str | None = option(None)
    classfix: int = option(0)

    rescore: int = option(0)
    thresh: float = option(0.5)
    focal_loss: int = option(0)
    coord_scale: float = option(1.0)
    object_scale: float = option(1.0)
    noobject_scale: float = option(1.0)
    class_scale: float = option(1.0)
    bias_match: int = option(0)

    @cached_property
    def hierarchy(self) -> Tree | None:  # kept with what it has on a device
        return read_tree(self.section, self.tree) if self.tree else None

    @property
    def class_map(self) -> tuple[int, ...] | None:
        """The class numbers of a smaller set (YOLO9000 on COCO or ImageNet detection)."""
        return read_map(self.section, self.map) if self.map else None

    @property
    def coordinates(self) -> int:
        return self.coords

    @property
    def sizes(self) -> list[tuple[float, float]]:
        """(width, height) of the anchors in grid cells."""
        return anchor_sizes(self.anchors, self.num, self.masks)

    def description(self, fork: Fork) -> dict[str, Any]:
        rules = {"coords": self.coords, "softmax": self.softmax, "background": self.background}
        return super().description(fork) | rules

    def default_labels(self, fork: Fork) -> int:
        return fork.samples.region_most_labels

    def log_row(self, fork: Fork) -> str:
        return REGION_ROW

    def check(self, ctx: LayerContext, problems: Problems) -> None:
        formula = f"num*(classes+coords+1) = {self.num}*({self.classes}+{self.coords}+1)"
        check_channels(self, ctx, self.num * self.entries, formula, problems)
        check_anchor_count(self, self.anchors, self.num, problems)
        self._check_tree(problems)

    def _check_tree(self, problems: Problems) -> None:
        tree = self.hierarchy
        if tree and len(tree.names) != self.classes:
            message = f"the tree has {len(tree.names)} nodes for classes={self.classes}"
            problems.fail(BadOption(message, self.location("tree")))
        for number in self.class_map or ():
            if not 0 <= number < self.classes:
                message = f"the map names class {number}, expected 0 to {self.classes - 1}"
                problems.fail(BadOption(message, self.location("map")))
                return

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        x = inputs[0].unflatten(1, (self.num, self.entries))
        coords, score, classes = x.split([self.coords, 1, self.classes], dim=2)
        if not ctx.fork.layers.region_raw_location:
            coords = self._located(coords)
        score, classes = self._scored(ctx, score, classes)
        return torch.cat([coords, score, classes], dim=2).flatten(1, 2)

    def _located(self, coords: torch.Tensor) -> torch.Tensor:
        xy, wh, extra = coords.split([2, 2, self.coords - 4], dim=2)
        return torch.cat([torch.sigmoid(xy), wh, torch.sigmoid(extra)], dim=2)

    def _scored(
        self, ctx: LayerContext, score: torch.Tensor, classes: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        tree = self.hierarchy
        if tree:
            return torch.sigmoid(score), tree.softmax(classes, 2)
        if self.softmax and self.background:
            # The objectness entry is the background class and joins the softmax.
            both = torch.softmax(torch.cat([score, classes], dim=2), dim=2)
            return both[:, :, :1], both[:, :, 1:]
        if self.softmax:
            return torch.sigmoid(score), torch.softmax(classes, dim=2)
        if not ctx.fork.layers.region_raw_classes:
            classes = torch.sigmoid(classes)
        return (score if self.background else torch.sigmoid(score)), classes

    def table_row(self, ctx: LayerContext, out: Shape) -> tuple[str, str]:
        return "", f"{self.num} anchors"

    def located(self, values: torch.Tensor, fork: Fork) -> torch.Tensor:
        """x and y within the cell (..., 2) of raw values (..., E)."""
        location = values[..., :2]
        return torch.sigmoid(location) if fork.layers.region_raw_location else location

    def boxes(self, raw: RawBoxes, fork: Fork) -> torch.Tensor:
        sizes = torch.exp(raw.values[..., 2:4]) * shares(raw.anchor, raw.grid)
        return torch.cat([raw.centre(self.located(raw.values, fork)), sizes], dim=-1)

    def objectness(self, values: torch.Tensor, fork: Fork) -> torch.Tensor:
        """What class scores are multiplied by: the fork's rule for background or classfix."""
        score = super().objectness(values, fork)
        if fork.detect.region_needs_objectness:
            return torch.ones_like(score) if self.background else score
        return torch.where(score < 0.5, 0.0, score) if self.classfix == -1 else score

    def mirrored_x(self, x: torch.Tensor, fork: Fork) -> torch.Tensor:
        """-x where the logistic is still to come."""
        return -x if fork.layers.region_raw_location else super().mirrored_x(x, fork)
