"""[crop]: a part of the image, in training another one each time, turned and recoloured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from darknet_py.cfg.options import option
from darknet_py.layers.base import Layer, LayerContext, Run, Weights, require_positive
from darknet_py.layers.sections import section
from darknet_py.layers.shape import Shape
from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F
else:
    torch, F = deferred("torch"), deferred("torch.nn.functional")

DRAWS = 8
"""Random numbers of an image: two for its saturation, two for its exposure, left, top, flip, angle.
Those that the first image begins with also shift the colours of all."""
COLORS = 3
EVEN = 0.5
"""Draws above it flip an image, or turn a factor over."""


@section("crop")
@dataclass(frozen=True, kw_only=True)
class Crop(Layer):
    """The middle of the image, scaled from [0, 1] to [-1, 1] unless noadjust=1.

    In training what both programs' GPU code does: each image has its own saturation and exposure,
    all have their colours shifted alike, and the part is cut out anywhere, between pixels too,
    turned by up to `angle` degrees around the image's middle; beyond its edges all is 0.
    """

    TOLD: ClassVar[Mapping[str, str]] = {
        "crop_height": "{0.crop_height}",
        "crop_width": "{0.crop_width}",
        "flip": "{0.flip}",
        "angle": "{0.angle:f}",
        "saturation": "{0.saturation:f}",
        "exposure": "{0.exposure:f}",
    }
    TOLD_AFTER: ClassVar[Mapping[str, str]] = {"shift": "{0.shift:f}"}
    READS_IMAGES: ClassVar[bool] = True
    LINE: ClassVar[str] = "Crop Layer: {x.h} x {x.w} -> {y.h} x {y.w} x {x.c} image"

    crop_height: int = option(1)
    crop_width: int = option(1)
    flip: int = option(0)
    angle: float = option(0.0)
    saturation: float = option(1.0)
    exposure: float = option(1.0)
    noadjust: int = option(0)
    shift: float = option(0.0)

    def shape(self, ctx: LayerContext) -> Shape:
        require_positive(self, crop_height=self.crop_height, crop_width=self.crop_width)
        if self.crop_height > ctx.input.h or self.crop_width > ctx.input.w:
            message = f"{self.crop_width} x {self.crop_height} is larger than the input {ctx.input}"
            raise self.shape_error(message, "crop_width")
        return Shape(ctx.input.c, self.crop_height, self.crop_width)

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        return self._drawn(inputs[0]) if run.training else self._middle(inputs[0])

    def fixed_size(self, ctx: LayerContext) -> str:
        return "it cuts out a fixed size"

    def _middle(self, x: torch.Tensor) -> torch.Tensor:
        top, left = (x.shape[2] - self.crop_height) // 2, (x.shape[3] - self.crop_width) // 2
        return self._adjusted(x[:, :, top : top + self.crop_height, left : left + self.crop_width])

    def _adjusted(self, x: torch.Tensor) -> torch.Tensor:
        return x if self.noadjust else x * 2 - 1

    def _drawn(self, x: torch.Tensor) -> torch.Tensor:
        draws = torch.rand(len(x), DRAWS, device=x.device)
        # The kernels know no other images than those of three colours.
        colored = x.shape[1] == COLORS
        x = self._adjusted(self._recolored(x, draws) if colored else x)
        if self.shift and colored:
            x = x + (draws[0, :COLORS] - 0.5).view(1, COLORS, 1, 1) * self.shift
        places = self._places(draws, int(x.shape[2]), int(x.shape[3]))
        return F.grid_sample(x.float(), places, padding_mode="zeros", align_corners=False)

    def _recolored(self, x: torch.Tensor, draws: torch.Tensor) -> torch.Tensor:
        """Saturation and value times a factor each, the hue as it is, within [0, 1]."""
        saturation = _factors(self.saturation, draws[:, 0], draws[:, 1])
        exposure = _factors(self.exposure, draws[:, 2], draws[:, 3])
        most = x.amax(dim=1, keepdim=True)
        # A channel of value v and saturation s is v - v*s*k, where k from 0 to 1 is the hue's.
        return (exposure * (most - saturation * (most - x))).clamp(0, 1)

    def _places(self, draws: torch.Tensor, height: int, width: int) -> torch.Tensor:
        """(N, h, w, 2): where in the image each pixel lies, as grid_sample counts."""
        left = (width - self.crop_width) * draws[:, 4].view(-1, 1, 1)
        top = (height - self.crop_height) * draws[:, 5].view(-1, 1, 1)
        columns = torch.arange(self.crop_width, device=draws.device).view(1, 1, -1) + left
        rows = torch.arange(self.crop_height, device=draws.device).view(1, -1, 1) + top
        if self.flip:
            flipped = draws[:, 6].view(-1, 1, 1) > EVEN
            columns = torch.where(flipped, width - 1 - columns, columns)
        angle = math.radians(self.angle) * (2 * draws[:, 7].view(-1, 1, 1) - 1)
        x, y = columns - width / 2, rows - height / 2
        turned_x = angle.cos() * x - angle.sin() * y + width / 2
        turned_y = angle.sin() * x + angle.cos() * y + height / 2
        return torch.stack([(2 * turned_x + 1) / width - 1, (2 * turned_y + 1) / height - 1], -1)


def _factors(most: float, share: torch.Tensor, inverted: torch.Tensor) -> torch.Tensor:
    """(N, 1, 1, 1): from 1 to `most`, or 1 through it."""
    factors = share * (most - 1) + 1
    factors = torch.where(inverted > EVEN, 1 / factors, factors)
    return factors.view(-1, 1, 1, 1)
