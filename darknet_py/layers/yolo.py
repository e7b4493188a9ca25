"""[yolo]: per anchor and cell a box, objectness and classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from darknet_py.cfg.options import option
from darknet_py.errors import Problems
from darknet_py.forks import Fork
from darknet_py.layers.anchor_head import NORMALIZERS, AnchorHead
from darknet_py.layers.arrays import functions_of
from darknet_py.layers.base import LayerContext, Run, Weights
from darknet_py.layers.box_embeddings import TRACKING, EmbeddedHead
from darknet_py.layers.head import (
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

_START = (
    "v3 ({layer.loss_word} loss, Normalizer: " + NORMALIZERS + " Region {index} "
    "Avg (IOU: {iou:f}), count: {boxes:.0f}, "
)
FULL_ROW = _START + (
    "class_loss = {class_loss:f}, iou_loss = {iou_loss:f}, total_loss = {total_loss:f} "
)
SHORT_ROW = _START + "total_loss = {total_loss:f} "


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

    MAY_BE_SILENT: ClassVar[bool] = True
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
