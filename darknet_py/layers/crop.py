"""[crop]: a piece of the network's images."""

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

COLOURS = 3
DRAWS = 8
"""Numbers in 0..1 that each image of a training draws: for saturation, whether it shrinks; for
exposure, whether it shrinks; from the left, from the top; whether it is mirrored; the angle. The
first three of the first image are also by how much red, green and blue of all images move."""


@section("crop")
@dataclass(frozen=True, kw_only=True)
class Crop(Layer):
    """A piece of the image, scaled from [0, 1] to [-1, 1] unless noadjust=1.

    Its middle; in training, as the GPU code of both programs has it, a piece of each image from
    anywhere, turned by up to `angle` degrees, perhaps mirrored, in other colours. (Their CPU code
    takes one piece for all images and changes no colours.)
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
        x = inputs[0]
        if run.training:
            return self._drawn(x, torch.rand(len(x), DRAWS, device=x.device))
        top, left = (x.shape[2] - self.crop_height) // 2, (x.shape[3] - self.crop_width) // 2
        return self._adjusted(x[:, :, top : top + self.crop_height, left : left + self.crop_width])

    def fixed_size(self, ctx: LayerContext) -> str:
        return "it cuts out a fixed size"

    def _adjusted(self, x: torch.Tensor) -> torch.Tensor:
        return x if self.noadjust else x * 2 - 1

    def _drawn(self, x: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
        """drawn: (N, DRAWS)."""
        coloured = x.shape[1] == COLOURS
        if coloured:
            saturation = _factor(self.saturation, drawn[:, 0], drawn[:, 1])
            x = recoloured(x, saturation, _factor(self.exposure, drawn[:, 2], drawn[:, 3]))
        x = self._adjusted(x)
        if coloured and self.shift:
            x = x + self.shift * (drawn[0, :COLOURS].view(1, -1, 1, 1) - 0.5)
        grid = self._grid(x, drawn)
        return F.grid_sample(x, grid, "bilinear", "zeros", align_corners=True)

    def _grid(self, x: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
        """(N, crop_height, crop_width, 2): where each value comes from, as grid_sample counts."""
        height, width = x.shape[2:]
        across = torch.arange(self.crop_width, device=x.device)
        down = torch.arange(self.crop_height, device=x.device)
        columns = across + (width - self.crop_width) * drawn[:, 4, None]
        if self.flip:
            mirrored = drawn[:, 6, None] > 0.5
            columns = torch.where(mirrored, width - 1 - columns, columns)
        rows = down + (height - self.crop_height) * drawn[:, 5, None]
        dx, dy = (columns - width / 2)[:, None, :], (rows - height / 2)[:, :, None]
        angle = math.radians(self.angle) * (2 * drawn[:, 7] - 1).view(-1, 1, 1)
        cos, sin = torch.cos(angle), torch.sin(angle)
        sources = cos * dx - sin * dy + width / 2, sin * dx + cos * dy + height / 2
        scaled = [
            2 * at / max(1, side - 1) - 1 for at, side in zip(sources, (width, height), strict=True)
        ]
        return torch.stack(scaled, dim=-1)


def _factor(most: float, drawn: torch.Tensor, shrinks: torch.Tensor) -> torch.Tensor:
    """(N,) from 1 to `most`, or 1 over it."""
    factor = drawn * (most - 1) + 1
    return torch.where(shrinks > 0.5, 1 / factor, factor)


def recoloured(x: torch.Tensor, saturation: torch.Tensor, exposure: torch.Tensor) -> torch.Tensor:
    """RGB x (N, 3, H, W) in 0..1 with saturation and value of HSV times these (N,), in 0..1.

    With its hue kept, a channel lies as far between the largest and the smallest as before.
    """
    largest, smallest = x.amax(dim=1, keepdim=True), x.amin(dim=1, keepdim=True)
    spread = largest - smallest
    below = torch.where(spread > 0, (largest - x) / spread, 0.0)
    own = torch.where(largest > 0, spread / largest, 0.0)
    value, share = largest * exposure.view(-1, 1, 1, 1), own * saturation.view(-1, 1, 1, 1)
    return (value * (1 - share * below)).clamp(0, 1)
