"""`imtest`: an image in the colours and crops that training may make of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from darknet_py.augment.affine import AffineRange, affine, affine_params
from darknet_py.augment.color import ColorParams, adjust_color, color_params
from darknet_py.images.contact_sheet import SheetTile
from darknet_py.images.io import Pixels, to_bgr

FIXED = {
    "C1": ColorParams(0.1, 1.5, 1.5),
    "C2": ColorParams(-0.1, 0.66666, 0.66666),
    "C3": ColorParams(0.1, 1.5, 0.66666),
    "C4": ColorParams(0.1, 0.66666, 1.5),
}
"""The four changes of colour that both programs show first."""
GREY_SHARES = np.array([0.587, 0.299, 0.114], np.float32)
"""Of red, green and blue. The C programs have the first two the wrong way round; so has this."""
CROP = AffineRange(angle=0, aspect=0.75, low=320, high=448, beyond=False)
CROP_SIZE = 320
HUE, FACTOR = 0.05, 1.15
"""How far the random colours go."""


class RandomColors(NamedTuple):
    """A random change of colour and the image with it."""

    params: ColorParams
    tile: SheetTile

    def __str__(self) -> str:
        """The line both programs print."""
        return f"{self.params.hue:f} {self.params.saturation:f} {self.params.exposure:f}"


def l2_norm(pixels: Pixels) -> float:
    """Root of the sum of squares of an image (H, W, C) in [0, 1]."""
    return float(np.linalg.norm(pixels.astype(np.float64).ravel() / 255))


def fixed_tiles(rgb: Pixels) -> Iterator[SheetTile]:
    """The image, in grey, and in four other colours."""
    yield _tile("Original", rgb)
    yield _tile("Gray", grey(rgb))
    for name, params in FIXED.items():
        told = f"hue {params.hue:+g}, saturation x {params.saturation:.2g}"
        yield _tile(f"{name}: {told}, exposure x {params.exposure:.2g}", adjust_color(rgb, params))


def random_tiles(rgb: Pixels, count: int, seed: int) -> Iterator[tuple[SheetTile, RandomColors]]:
    """Pairs of a random crop and of random colours."""
    rng = np.random.default_rng(seed)
    height, width = rgb.shape[:2]
    for number in range(1, count + 1):
        crop = affine(rgb, affine_params(rng, CROP, (width, height), CROP_SIZE), CROP_SIZE)
        params = color_params(rng, HUE, FACTOR, FACTOR)
        colors = RandomColors(params, _tile(f"rand {number}", adjust_color(rgb, params)))
        yield _tile(f"aug {number}", crop), colors


def grey(rgb: Pixels) -> Pixels:
    """(H, W, 3) of one brightness a pixel."""
    plane: NDArray[np.float32] = rgb.astype(np.float32) @ GREY_SHARES
    return np.repeat(plane.astype(np.uint8)[..., None], 3, axis=2)


def _tile(caption: str, rgb: Pixels) -> SheetTile:
    return SheetTile(to_bgr(rgb), (), (caption,))
