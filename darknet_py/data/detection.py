"""Training samples of detection networks: a picture at random, augmented as the fork does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from darknet_py.data import augment, mosaic, truth
from darknet_py.data.augment import Colour, Crop, Pixels
from darknet_py.data.labels import label_path, read_labels
from darknet_py.data.recipe import MIXUP, MOSAIC, Recipe
from darknet_py.detect.reading import open_image

Floats = NDArray[np.float32]
Sample = tuple[Pixels, Floats]
"""A picture (C, H, W) uint8 and its truth (truths,) float32."""


class Picture(Protocol):
    """A picture that has not been decoded yet: its (width, height) where that is known."""

    @property
    def size(self) -> tuple[int, int] | None: ...

    def decode(self, channels: int = 3, honour_exif: bool = False, reduce: int = 1) -> Pixels: ...

    def reduction(self, least: tuple[float, float]) -> int: ...


@dataclass(frozen=True)
class Draw:
    """The random numbers of one picture. noise: its sigma, 0 for none."""

    crop: Crop
    flip: bool
    colour: Colour
    blur: int = 0
    noise: int = 0
    seed: int = 0


@dataclass(frozen=True)
class DetectionSet:
    """Pictures with label files. `sample` is a pure function, so a run can start at any number.

    held: decoded pictures by path, for a data set that fits into memory.
    """

    images: Sequence[str]
    recipe: Recipe
    held: Mapping[str, Picture] = field(default_factory=dict)

    def sample(self, number: int, width: int, height: int, seed: int) -> Sample:
        """The number-th training sample at this size of the input; pictures come at random.

        Raises ImageError for a picture that cannot be read.
        """
        rng = np.random.default_rng((seed, number))
        recipe = self.recipe
        mixing = recipe.mixing if rng.random() < 0.5 else 0
        make = MIXES[mixing]
        pixels, labels = make(self, rng, width, height)
        return np.ascontiguousarray(pixels.transpose(2, 0, 1)), recipe.truth_of(labels)

    def drawn(self, number: int, width: int, height: int, seed: int) -> list[str]:
        """The pictures that make up the number-th sample."""
        recorder = _Recorder(self.images, self.recipe, self.held)
        recorder.sample(number, width, height, seed)
        return recorder.paths

    def pick(self, rng: Generator) -> tuple[Picture, Floats]:
        """A picture at random, with repetition as in both programs, and its labels (K, 5)."""
        path = self._path(rng)
        labels = read_labels(label_path(path, self.recipe.fork))
        return self.held.get(path) or open_image(path), labels

    def _path(self, rng: Generator) -> str:
        return self.images[int(rng.integers(len(self.images)))]


@dataclass(frozen=True)
class _Recorder(DetectionSet):
    paths: list[str] = field(default_factory=list)

    def _path(self, rng: Generator) -> str:
        self.paths.append(super()._path(rng))
        return self.paths[-1]


Made = tuple[Pixels, Floats]
"""A picture (H, W, C) and its labels (K, 5)."""


def _single(source: DetectionSet, rng: Generator, width: int, height: int) -> Made:
    recipe = source.recipe
    picture, labels = source.pick(rng)
    if recipe.cells:
        return _extended(recipe, picture, labels, rng, width, height)
    if recipe.fork.training_canvas:
        return _on_canvas(recipe, picture, labels, rng, width, height)
    size, whole = _size(picture, recipe)
    draw = draw_alexeyab(rng, recipe, size, (width, height))
    return _augmented(recipe, picture, whole, labels, draw, rng, (width, height))


def _mixup(source: DetectionSet, rng: Generator, width: int, height: int) -> Made:
    first, labels = _single(source, rng, width, height)
    second, more = _single(source, rng, width, height)
    return augment.mean_of(first, second), np.vstack([labels, more])


def _mosaic(source: DetectionSet, rng: Generator, width: int, height: int) -> Made:
    recipe, size = source.recipe, (width, height)
    canvas = np.zeros((height, width, recipe.channels), np.uint8)
    cut = mosaic.draw_cut(rng, width, height)
    found: list[Floats] = []
    for number in range(len(mosaic.TILES)):
        picture, labels = source.pick(rng)
        whole_size, whole = _size(picture, recipe)
        draw = draw_alexeyab(rng, recipe, whole_size, size, number)
        pixels, labels = _augmented(recipe, picture, whole, labels, draw, rng, size)
        part = mosaic.tile(draw.crop, draw.flip, number, cut, size)
        mosaic.paste(canvas, pixels, part)
        found.append(mosaic.relocate(labels, part, size, recipe.mosaic_bound))
    return canvas, np.vstack(found)


MIXES: dict[int, Callable[[DetectionSet, Generator, int, int], Made]] = {
    0: _single,
    MIXUP: _mixup,
    MOSAIC: _mosaic,
}


def _size(picture: Picture, recipe: Recipe) -> tuple[tuple[int, int], Pixels | None]:
    """Width and height, and the pixels where they had to be decoded to know."""
    if picture.size is not None:
        return picture.size, None
    pixels = picture.decode(recipe.channels)
    return (pixels.shape[1], pixels.shape[0]), pixels


def draw_alexeyab(
    rng: Generator,
    recipe: Recipe,
    size: tuple[int, int],
    net_size: tuple[int, int],
    tile: int | None = None,
) -> Draw:
    """All random numbers for a picture of `size`; tile: its number in a mosaic."""
    spread = rng.random(6)
    flip = recipe.flip and rng.random() < 0.5
    colour = augment.draw_colour(rng, recipe.hue, recipe.saturation, recipe.exposure)
    blur = (0, 1, recipe.blur)[int(rng.integers(3))] if recipe.blur else 0
    noise = recipe.noise if recipe.noise and rng.random() < 0.5 else 0
    crop = _crop(recipe, size, net_size, spread)
    if tile is not None and rng.random() < 0.5:
        crop = mosaic.to_corner(crop, tile, flip)
    return Draw(_valid(crop), flip, colour, blur, noise, int(rng.integers(2**31)))


def _crop(
    recipe: Recipe, size: tuple[int, int], net_size: tuple[int, int], spread: NDArray[np.float64]
) -> Crop:
    """jitter moves each side by itself; resize moves opposite sides of both axes alike."""
    width, height = size
    left, right = _sides(width, recipe, spread[[0, 1]], spread[4:])
    top, bottom = _sides(height, recipe, spread[[2, 3]], spread[4:])
    if recipe.letter_box:
        across, down = _letter_box(size, net_size)
        left, right = int(left - across), int(right - across)
        top, bottom = int(top - down), int(bottom - down)
    return Crop(left, right, top, bottom, width, height)


def _sides(
    length: int, recipe: Recipe, jitter: NDArray[np.float64], resize: NDArray[np.float64]
) -> tuple[int, int]:
    """Pixels cut at both ends of an axis."""
    far = int(length * recipe.jitter)
    down, up = sorted((recipe.resize, 1 / recipe.resize))
    low = int(length * (1 - 1 / down) / 2)
    high = 0 if recipe.resize < 1 else int(length * (1 - 1 / up) / 2)
    first, second = (
        int(int(-far + 2 * far * j) + (low + (high - low) * r))
        for j, r in zip(jitter, resize, strict=True)
    )
    return first, second


def _letter_box(size: tuple[int, int], net_size: tuple[int, int]) -> tuple[float, float]:
    """Pixels to add at each side so that the picture gets the aspect of the input."""
    (width, height), aspect = size, net_size[0] / net_size[1]
    if width / height > aspect:
        return 0.0, (width / aspect - height) / 2
    return (height * aspect - width) / 2, 0.0


def _valid(crop: Crop) -> Crop:
    """The whole picture instead of a crop that shows nothing of it."""
    wide, high = crop.size
    shows = max(crop.left, crop.right) < crop.width and max(crop.top, crop.bottom) < crop.height
    if wide > 0 and high > 0 and shows:
        return crop
    return Crop(0, 0, 0, 0, crop.width, crop.height)


def _augmented(
    recipe: Recipe,
    picture: Picture,
    pixels: Pixels | None,
    labels: Floats,
    draw: Draw,
    rng: Generator,
    size: tuple[int, int],
) -> Made:
    """AlexeyAB's order: crop, resize, flip, colour, blur, noise."""
    width, height = size
    view = truth.View.of_crop(draw.crop, draw.flip)
    labels = truth.relocate(truth.shuffled(labels, rng, len(labels)), view)[: recipe.boxes]
    labels = truth.keep_alexeyab(labels, recipe.classes, width, height)
    if pixels is None:
        wide, high = draw.crop.size
        least = (width * draw.crop.width / wide, height * draw.crop.height / high)
        pixels = picture.decode(recipe.channels, reduce=picture.reduction(least))
    crop = draw.crop.scaled(pixels.shape[1], pixels.shape[0])
    pixels = augment.crop_resize(pixels, crop, width, height)
    if draw.flip:
        pixels = augment.flip(pixels)
    pixels = augment.shift_colour(pixels, draw.colour)
    pixels = _blurred(pixels, labels, draw.blur, size)
    return (augment.add_noise(pixels, draw.noise, draw.seed) if draw.noise else pixels), labels


def _blurred(pixels: Pixels, labels: Floats, strength: int, size: tuple[int, int]) -> Pixels:
    """1 blurs the background only; more is limited to an eighth of the smallest object's side."""
    if strength > 1:
        sides = labels[:, 3:] * np.array(size, np.float32)
        strength = min(strength, int(sides.min()) // 8 if len(labels) else 0)
    if strength == 1:
        return augment.blur_background(pixels, labels[:, 1:])
    return augment.blur(pixels, strength) if strength else pixels


def _on_canvas(
    recipe: Recipe, picture: Picture, labels: Floats, rng: Generator, width: int, height: int
) -> Made:
    """pjreddie's: the picture, its aspect changed, as large as it fits anywhere on grey."""
    (wide, high), pixels = _size(picture, recipe)
    far = recipe.jitter
    aspect = wide * (1 + rng.uniform(-far, far)) / (high * (1 + rng.uniform(-far, far)))
    # C's comparison with 1, not with the input's aspect, is kept: inputs are square there.
    new = (height * aspect, float(height)) if aspect < 1 else (float(width), width / aspect)
    left, top = rng.uniform(0, width - new[0]), rng.uniform(0, height - new[1])
    if pixels is None:
        pixels = picture.decode(recipe.channels, reduce=picture.reduction(new))
    canvas = np.full((height, width, recipe.channels), round(255 * augment.GREY), np.uint8)
    augment.place(pixels, new, (left, top), canvas)
    colour = augment.draw_colour(rng, recipe.hue, recipe.saturation, recipe.exposure)
    canvas, flip = augment.distort_colour(canvas, colour), rng.random() < 0.5
    shift = (-left / width, -top / height)
    view = truth.View((new[0] / width, new[1] / height), shift, flip)
    labels = truth.relocate(truth.shuffled(labels, rng, len(labels)), view)[: recipe.boxes]
    return (augment.flip(canvas) if flip else canvas), truth.keep_pjreddie(labels)


def _extended(
    recipe: Recipe, picture: Picture, labels: Floats, rng: Generator, width: int, height: int
) -> Made:
    """YOLOv1's: a jittered crop whose outside repeats the edge."""
    size, pixels = _size(picture, recipe)
    crop = _valid(_crop(_without_resize(recipe), size, (width, height), rng.random(6)))
    flip = rng.random() < 0.5
    pixels = pixels if pixels is not None else picture.decode(recipe.channels)
    pixels = augment.crop_extend(pixels, crop, width, height)
    colour = augment.draw_colour(rng, recipe.hue, recipe.saturation, recipe.exposure)
    pixels = augment.distort_colour(augment.flip(pixels) if flip else pixels, colour)
    view = truth.View.of_crop(crop, flip)
    return pixels, truth.relocate(truth.shuffled(labels, rng, len(labels)), view)


def _without_resize(recipe: Recipe) -> Recipe:
    return replace(recipe, resize=1.0, letter_box=False)
