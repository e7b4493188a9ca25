"""What a cfg says about the pieces of images that pjreddie's segmenters and regressors learn from.

Both kinds are his program's alone, so that nothing here depends on the fork.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from darknet_py.augment.affine import AffineParams, AffineRange, affine, affine_params
from darknet_py.augment.classifier_config import FACTORS, SIZES, crop_range
from darknet_py.augment.color import adjust_color, color_params
from darknet_py.augment.option_limits import IMAGE_CHANNELS, Limit, check_options
from darknet_py.augment.pixels import Pixels, flip
from darknet_py.errors import BadOption
from darknet_py.network.graph import Graph

LIMITS: dict[str, Limit] = {
    "channels": IMAGE_CHANNELS,
    **dict.fromkeys(SIZES, (lambda value: value > 0, "more than 0")),
    **dict.fromkeys(FACTORS, (lambda value: value > 0, "more than 0; 1 changes nothing")),
}
Size = tuple[int, int]
"""Width and height in pixels."""


@dataclass(frozen=True)
class PieceParams:
    """Where a piece is taken from its image, and whether it is mirrored then."""

    affine: AffineParams
    flip: bool


@dataclass(frozen=True)
class PieceConfig:
    """upright: images are turned as their EXIF says."""

    channels: int
    affine: AffineRange
    hue: float
    saturation: float
    exposure: float
    upright: bool

    @staticmethod
    def of(graph: Graph, ratios: bool) -> PieceConfig:
        """ratios: min_ratio and max_ratio of [net] count, min_crop and max_crop without them.

        Raises BadOption for a value that no image can be made with.
        """
        net = graph.net
        if not (net.width and net.height):
            location = net.section.location()
            raise BadOption("needs width and height: it reads images", location)
        check_options(net, LIMITS)
        low, high = (_pixels(part, net.width, ratios) for part in crop_range(net, ratios))
        return PieceConfig(
            channels=net.channels,
            affine=AffineRange(net.angle, net.aspect, low, high, beyond=True),
            hue=net.hue,
            saturation=net.saturation,
            exposure=net.exposure,
            upright=graph.fork.images.upright,
        )

    def draw(self, rng: Generator, image: Size, size: Size) -> PieceParams:
        """Random ones for an image and a piece of these sizes."""
        params = affine_params(rng, self.affine, image, *size)
        return PieceParams(params, rng.random() < 0.5)

    def piece(self, pixels: Pixels, params: PieceParams, rng: Generator, size: Size) -> Pixels:
        """The piece (height, width, C) of an image, its colours changed at random."""
        piece = affine(pixels, params.affine, *size)
        piece = flip(piece) if params.flip else piece
        color = color_params(rng, self.hue, self.saturation, self.exposure)
        return adjust_color(piece, color)


def _pixels(part: float, width: int, cut: bool) -> int:
    # Ratios are multiplied in single precision and cut off; crops are whole pixels as they are.
    exact = np.float32(part) * np.float32(width) if cut else round(part * width)
    return max(1, int(exact))
