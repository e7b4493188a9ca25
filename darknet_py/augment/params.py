"""What is drawn at random for one image: AlexeyAB's crops, pjreddie's places on a canvas."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.random import Generator

from darknet_py.augment import mosaic
from darknet_py.augment.config import Recipe
from darknet_py.augment.pixels import Colour, Crop, draw_colour

Size = tuple[int, int]
"""Width and height in pixels."""
Spread = tuple[float, float]


@dataclass(frozen=True)
class Draw:
    """The random numbers of one of AlexeyAB's images. noise: its sigma, 0 for none."""

    crop: Crop
    flip: bool
    colour: Colour = Colour()
    blur: int = 0
    noise: int = 0
    seed: int = 0


def draw_alexeyab(
    rng: Generator, recipe: Recipe, size: Size, net_size: Size, tile: int | None = None
) -> Draw:
    """For an image of `size` and an input of `net_size`; tile: its number in a mosaic."""
    crop = _crop(rng, recipe, size)
    if recipe.letter_box:
        crop = letter_boxed(crop, net_size)
    flip = recipe.flip and rng.random() < 0.5
    colour = draw_colour(rng, recipe.hue, recipe.saturation, recipe.exposure)
    blur = (0, 1, recipe.blur)[int(rng.integers(3))] if recipe.blur else 0
    noise = recipe.noise if recipe.noise and rng.random() < 0.5 else 0
    if tile is not None and rng.random() < 0.5:
        crop = mosaic.to_corner(crop, tile, flip)
    return Draw(_valid(crop), flip, colour, blur, noise, int(rng.integers(2**31)))


def draw_cells(rng: Generator, recipe: Recipe, size: Size) -> Draw:
    """YOLOv1's, alike in both programs: sides by jitter alone, every other image flipped."""
    jitter = _pairs(rng)
    (left, right), (top, bottom) = (
        _jittered(length, recipe.jitter, pair) for length, pair in zip(size, jitter, strict=True)
    )
    flip = rng.random() < 0.5
    colour = draw_colour(rng, recipe.hue, recipe.saturation, recipe.exposure)
    return Draw(_valid(Crop(left, right, top, bottom, *size)), flip, colour)


@dataclass(frozen=True)
class CanvasDraw:
    """The random numbers of one of pjreddie's images: its size and place on the canvas."""

    size: tuple[float, float]
    at: tuple[float, float]
    colour: Colour
    flip: bool


def draw_canvas(rng: Generator, recipe: Recipe, size: Size, net_size: Size) -> CanvasDraw:
    """As large as it fits, its aspect changed, anywhere on the canvas."""
    (width, height), far = net_size, recipe.jitter
    aspect = size[0] * (1 + rng.uniform(-far, far)) / (size[1] * (1 + rng.uniform(-far, far)))
    # C compares with 1, not with the input's aspect: on inputs that are not square the image may
    # be larger than the canvas.
    new = (height * aspect, float(height)) if aspect < 1 else (float(width), width / aspect)
    slack = (width - new[0], height - new[1])
    at = (_within(rng, slack[0]), _within(rng, slack[1]))
    colour = draw_colour(rng, recipe.hue, recipe.saturation, recipe.exposure)
    return CanvasDraw(new, at, colour, rng.random() < 0.5)


def _within(rng: Generator, slack: float) -> float:
    return float(rng.uniform(min(0.0, slack), max(0.0, slack)))


def _crop(rng: Generator, recipe: Recipe, size: Size) -> Crop:
    """jitter moves each side by itself; resize moves opposite sides of both axes alike."""
    jitter, resize = _pairs(rng), _pair(rng)
    sides = [
        _resized(length, recipe, _jittered(length, recipe.jitter, pair), resize)
        for length, pair in zip(size, jitter, strict=True)
    ]
    (left, right), (top, bottom) = sides
    return Crop(left, right, top, bottom, *size)


def _jittered(length: int, jitter: float, spread: Spread) -> tuple[int, int]:
    """Pixels cut at both ends of an axis, at most its share `jitter`."""
    far = int(length * jitter)
    return int(-far + 2 * far * spread[0]), int(-far + 2 * far * spread[1])


def _resized(
    length: int, recipe: Recipe, sides: tuple[int, int], spread: Spread
) -> tuple[int, int]:
    """Both ends moved so that the image appears up to `resize` times smaller or larger.

    resize under 1 makes it smaller only.
    """
    down, up = sorted((recipe.resize, 1 / recipe.resize))
    low = int(length * (1 - 1 / down) / 2)
    high = 0 if recipe.resize < 1 else int(length * (1 - 1 / up) / 2)
    first, second = (
        int(side + low + (high - low) * r) for side, r in zip(sides, spread, strict=True)
    )
    return first, second


def _pairs(rng: Generator) -> tuple[Spread, Spread]:
    return _pair(rng), _pair(rng)


def _pair(rng: Generator) -> Spread:
    return rng.random(), rng.random()


def letter_boxed(crop: Crop, net_size: Size) -> Crop:
    """The crop with margins added that give the whole image the aspect of the input."""
    width, height, aspect = crop.width, crop.height, net_size[0] / net_size[1]
    wide = width / height > aspect
    across = 0.0 if wide else (height * aspect - width) / 2
    down = (width / aspect - height) / 2 if wide else 0.0
    left, right = int(crop.left - across), int(crop.right - across)
    top, bottom = int(crop.top - down), int(crop.bottom - down)
    return Crop(left, right, top, bottom, width, height)


def _valid(crop: Crop) -> Crop:
    """The whole image instead of a crop that shows nothing of it."""
    wide, high = crop.size
    shows = max(crop.left, crop.right) < crop.width and max(crop.top, crop.bottom) < crop.height
    if wide > 0 and high > 0 and shows:
        return crop
    return Crop(0, 0, 0, 0, crop.width, crop.height)
