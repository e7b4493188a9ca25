"""Training samples of detection networks: an image at random, augmented as the fork does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from darknet_py.augment import label_boxes, mosaic
from darknet_py.augment import pixels as augment
from darknet_py.augment.color import tint
from darknet_py.augment.config import MIXUP, MOSAIC, Recipe
from darknet_py.augment.params import Draw, draw_alexeyab, draw_canvas, draw_cells
from darknet_py.augment.pixels import Pixels, Window
from darknet_py.data.labels import label_path, read_labels
from darknet_py.errors import DataError
from darknet_py.images.reduced_images import Image, Size, open_reducible

Floats = NDArray[np.float32]
Sample = tuple[Pixels, Floats]
"""An image (C, H, W) uint8 and its truth (truths,) float32."""
Made = tuple[Pixels, Floats]
"""An image (H, W, C) and its labels (K, 5)."""


@dataclass(frozen=True)
class DetectionSet:
    """Images with label files. `sample` is a pure function, so a run can start at any number.

    held: decoded images by path, for a data set that fits into memory.
    """

    images: Sequence[str]
    recipe: Recipe
    held: Mapping[str, Image] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.images:
            raise DataError("no images to train on; is the list of `train=` empty?")

    def sample(self, number: int, width: int, height: int, seed: int) -> Sample:
        """The number-th training sample at this size of the input; images come at random.

        Raises ImageError for an image that cannot be read, DataError for a label file.
        """
        rng = np.random.default_rng((seed, number))
        mixing = self.recipe.mixing if rng.random() < 0.5 else 0
        pixels, labels = MIXES[mixing](self, rng, (width, height))
        return np.ascontiguousarray(pixels.transpose(2, 0, 1)), self.recipe.truth_of(labels)

    def drawn(self, number: int, width: int, height: int, seed: int) -> list[str]:
        """The images that make up the number-th sample; raises what `sample` raises."""
        recorder = _Recorder(self.images, self.recipe, self.held)
        recorder.sample(number, width, height, seed)
        return recorder.paths

    def pick(self, rng: Generator) -> tuple[Image, Floats]:
        """An image at random, with repetition as in both programs, and its labels (K, 5)."""
        path = self._path(rng)
        labels = read_labels(label_path(path, self.recipe.fork))
        return self.held.get(path) or open_reducible(path, self.recipe.channels), labels

    def _path(self, rng: Generator) -> str:
        return self.images[int(rng.integers(len(self.images)))]


@dataclass(frozen=True)
class _Recorder(DetectionSet):
    paths: list[str] = field(default_factory=list)

    def _path(self, rng: Generator) -> str:
        self.paths.append(super()._path(rng))
        return self.paths[-1]


def _single(source: DetectionSet, rng: Generator, size: Size) -> Made:
    recipe = source.recipe
    image, labels = source.pick(rng)
    labels = label_boxes.shuffled(labels, rng)
    if recipe.cells:
        return _extended(recipe, image, labels, rng, size)
    if recipe.fork.samples.canvas:
        return _on_canvas(recipe, image, labels, rng, size)
    draw = draw_alexeyab(rng, recipe, image.size, size)
    return _cropped(recipe, image, labels, draw, Window(0, 0, *size), size)


def _mixup(source: DetectionSet, rng: Generator, size: Size) -> Made:
    first, labels = _single(source, rng, size)
    second, more = _single(source, rng, size)
    return augment.mean_of(first, second), np.vstack([labels, more])


def _mosaic(source: DetectionSet, rng: Generator, size: Size) -> Made:
    recipe = source.recipe
    canvas = np.zeros((size[1], size[0], recipe.channels), np.uint8)
    cut = mosaic.draw_cut(rng, *size)
    found: list[Floats] = []
    for number in range(len(mosaic.TILES)):
        image, labels = source.pick(rng)
        labels = label_boxes.shuffled(labels, rng)
        draw = draw_alexeyab(rng, recipe, image.size, size, number)
        part = mosaic.tile(draw.crop, draw.flip, number, cut, size)
        if not (part.window.width and part.window.height):  # an input of a few pixels
            continue
        pixels, labels = _cropped(recipe, image, labels, draw, part.window, size)
        mosaic.paste(canvas, pixels, part)
        found.append(mosaic.relocate(labels, part, size, recipe.mosaic_bound))
    return canvas, np.vstack(found)


MIXES: dict[int, Callable[[DetectionSet, Generator, Size], Made]] = {
    0: _single,
    MIXUP: _mixup,
    MOSAIC: _mosaic,
}


def _cropped(
    recipe: Recipe, image: Image, labels: Floats, draw: Draw, window: Window, size: Size
) -> Made:
    """A window of the augmented image at `size`, and the labels of the whole of it."""
    view = label_boxes.View.of_crop(draw.crop, draw.flip)
    labels = label_boxes.relocate(labels, view)[: recipe.boxes]
    labels = label_boxes.keep_alexeyab(labels, recipe.classes, *size)
    draw = replace(draw, blur=blur_strength(draw.blur, labels, size))
    pixels = image.pixels(recipe.channels, draw.crop.least(size))
    return rendered(pixels, draw, labels, window, size), labels


def rendered(pixels: Pixels, draw: Draw, labels: Floats, window: Window, size: Size) -> Pixels:
    """AlexeyAB's order: crop, resize, flip, colour, blur, noise. Returns the window alone."""
    # A blur needs what lies around the window.
    shown = Window(0, 0, *size) if draw.blur else window
    pixels = augment.crop_resize(pixels, draw.crop, size)
    source = shown.mirrored(size[0]) if draw.flip else shown
    pixels = source.of(pixels)
    pixels = augment.shift_colour(augment.flip(pixels) if draw.flip else pixels, draw.colour)
    if draw.blur:
        pixels = window.of(_blurred(pixels, labels, draw.blur))
    return augment.add_noise(pixels, draw.noise, draw.seed) if draw.noise else pixels


def blur_strength(blur: int, labels: Floats, size: Size) -> int:
    """A blur of all is limited to an eighth of the smallest object's side."""
    if blur <= 1:
        return blur
    sides = labels[:, 3:] * np.array(size, np.float32)
    return min(blur, int(sides.min()) // 8 if len(labels) else 0)


def _blurred(pixels: Pixels, labels: Floats, strength: int) -> Pixels:
    """1 blurs the background only."""
    if strength == 1:
        return augment.blur_background(pixels, labels[:, 1:])
    return augment.blur(pixels, strength)


def _on_canvas(recipe: Recipe, image: Image, labels: Floats, rng: Generator, size: Size) -> Made:
    """pjreddie's: the image, its aspect changed, as large as it fits anywhere on grey."""
    draw = draw_canvas(rng, recipe, image.size, size)
    canvas = np.full((size[1], size[0], recipe.channels), augment.GREY, np.uint8)
    augment.place(image.pixels(recipe.channels, draw.size), draw.size, draw.at, canvas)
    canvas = tint(canvas, draw.colour)
    scale = (draw.size[0] / size[0], draw.size[1] / size[1])
    view = label_boxes.View(scale, (-draw.at[0] / size[0], -draw.at[1] / size[1]), draw.flip)
    labels = label_boxes.relocate(labels, view, anywhere=True)[: recipe.boxes]
    return (augment.flip(canvas) if draw.flip else canvas), label_boxes.keep_pjreddie(labels)


def _extended(recipe: Recipe, image: Image, labels: Floats, rng: Generator, size: Size) -> Made:
    """YOLOv1's: a jittered crop whose outside repeats the edge."""
    draw = draw_cells(rng, recipe, image.size)
    pixels = image.pixels(recipe.channels, draw.crop.least(size))
    pixels = augment.crop_extend(pixels, draw.crop, size)
    pixels = tint(augment.flip(pixels) if draw.flip else pixels, draw.colour)
    view = label_boxes.View.of_crop(draw.crop, draw.flip)
    return pixels, label_boxes.relocate(labels, view, anywhere=recipe.fork.samples.canvas)
