"""The random parameters of one image: AlexeyAB's crops, pjreddie's positions on a canvas."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.random import Generator

from darknet_py.augment import mosaic
from darknet_py.augment.color import ColorParams
from darknet_py.augment.config import AugmentConfig
from darknet_py.augment.draws import SampleDraws
from darknet_py.augment.effects import DrawnEffect, draw_effects
from darknet_py.augment.pixels import CropMargins

Size = tuple[int, int]
"""Width and height in pixels."""
Spread = tuple[float, float]


@dataclass(frozen=True)
class AugmentParams:
    """What augments one of AlexeyAB's images."""

    crop: CropMargins
    flip: bool
    effects: tuple[DrawnEffect, ...] = ()
    seed: int = 0


def alexeyab_params(
    draws: SampleDraws,
    config: AugmentConfig,
    size: Size,
    net_size: Size,
    tile: int | None = None,
) -> AugmentParams:
    """For an image of `size` and an input of `net_size`; tile: its number in a mosaic."""
    crop = _crop(draws, config, size)
    if config.letter_box:
        crop = letter_boxed(crop, net_size)
    flip = config.flip and draws.places.random() < 0.5
    effects = draw_effects(draws, config.effects)
    if tile is not None and draws.own.random() < 0.5:
        crop = mosaic.to_corner(crop, tile, flip)
    return AugmentParams(_valid(crop), flip, effects, int(draws.own.integers(2**31)))


@dataclass(frozen=True)
class Yolov1Params:
    """What augments one of YOLOv1's images."""

    crop: CropMargins
    flip: bool
    color: ColorParams


def yolov1_params(rng: Generator, config: AugmentConfig, size: Size) -> Yolov1Params:
    """YOLOv1's, alike in both programs: sides by jitter alone, every other image flipped."""
    jitter = _pairs(rng)
    (left, right), (top, bottom) = (
        _jittered(length, config.jitter, pair) for length, pair in zip(size, jitter, strict=True)
    )
    flip = rng.random() < 0.5
    crop = _valid(CropMargins(left, right, top, bottom, *size))
    return Yolov1Params(crop, flip, config.color.draw(rng))


@dataclass(frozen=True)
class CanvasParams:
    """What augments one of pjreddie's images: its size and left top corner on the canvas."""

    size: tuple[float, float]
    corner: tuple[float, float]
    color: ColorParams
    flip: bool


def canvas_params(
    rng: Generator, config: AugmentConfig, size: Size, net_size: Size
) -> CanvasParams:
    """As large as it fits, its aspect changed, anywhere on the canvas."""
    (width, height), far = net_size, config.jitter
    aspect = size[0] * (1 + rng.uniform(-far, far)) / (size[1] * (1 + rng.uniform(-far, far)))
    # C compares with 1, not with the input's aspect: on inputs that are not square the image may
    # be larger than the canvas.
    new = (height * aspect, float(height)) if aspect < 1 else (float(width), width / aspect)
    slack = (width - new[0], height - new[1])
    corner = (_within(rng, slack[0]), _within(rng, slack[1]))
    color = config.color.draw(rng)
    return CanvasParams(new, corner, color, rng.random() < 0.5)


def _within(rng: Generator, slack: float) -> float:
    return float(rng.uniform(min(0.0, slack), max(0.0, slack)))


def _crop(draws: SampleDraws, config: AugmentConfig, size: Size) -> CropMargins:
    """jitter moves each side by itself; resize moves opposite sides of both axes alike."""
    jitter, resize = _pairs(draws.places), _pair(draws.other)
    sides = [
        _resized(length, config, _jittered(length, config.jitter, pair), resize)
        for length, pair in zip(size, jitter, strict=True)
    ]
    (left, right), (top, bottom) = sides
    return CropMargins(left, right, top, bottom, *size)


def _jittered(length: int, jitter: float, spread: Spread) -> tuple[int, int]:
    """Pixels cut at both ends of an axis, at most its share `jitter`."""
    far = int(length * jitter)
    return int(-far + 2 * far * spread[0]), int(-far + 2 * far * spread[1])


def _resized(
    length: int, config: AugmentConfig, sides: tuple[int, int], spread: Spread
) -> tuple[int, int]:
    """Both ends moved so that the image appears up to `resize` times smaller or larger.

    resize below 1 makes it smaller only.
    """
    down, up = sorted((config.resize, 1 / config.resize))
    low = int(length * (1 - 1 / down) / 2)
    high = 0 if config.resize < 1 else int(length * (1 - 1 / up) / 2)
    first, second = (
        int(side + low + (high - low) * r) for side, r in zip(sides, spread, strict=True)
    )
    return first, second


def _pairs(rng: Generator) -> tuple[Spread, Spread]:
    return _pair(rng), _pair(rng)


def _pair(rng: Generator) -> Spread:
    return rng.random(), rng.random()


def letter_boxed(crop: CropMargins, net_size: Size) -> CropMargins:
    """The crop with margins added that give the whole image the aspect of the input."""
    width, height, aspect = crop.width, crop.height, net_size[0] / net_size[1]
    wide = width / height > aspect
    across = 0.0 if wide else (height * aspect - width) / 2
    down = (width / aspect - height) / 2 if wide else 0.0
    left, right = int(crop.left - across), int(crop.right - across)
    top, bottom = int(crop.top - down), int(crop.bottom - down)
    return CropMargins(left, right, top, bottom, width, height)


def _valid(crop: CropMargins) -> CropMargins:
    """The whole image instead of a crop that shows nothing of it."""
    wide, high = crop.size
    shows = max(crop.left, crop.right) < crop.width and max(crop.top, crop.bottom) < crop.height
    if wide > 0 and high > 0 and shows:
        return crop
    return CropMargins(0, 0, 0, 0, crop.width, crop.height)
