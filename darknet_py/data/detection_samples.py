"""Training samples of detection networks: an image at random, augmented as the fork does it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from darknet_py.augment import label_boxes, mosaic
from darknet_py.augment.color import adjust_color
from darknet_py.augment.config import AugmentConfig
from darknet_py.augment.draws import SampleDraws, draws_of
from darknet_py.augment.effects import (
    AugmentedImage,
    apply_effects,
    count_on_whole,
    limited_effects,
)
from darknet_py.augment.mix import MIXUP, MOSAIC
from darknet_py.augment.params import AugmentParams, alexeyab_params, canvas_params, yolov1_params
from darknet_py.augment.pixels import (
    GREY,
    Pixels,
    Window,
    crop_extend,
    crop_resize,
    flip,
    mean_of,
    paste_stretched,
)
from darknet_py.augment.sample_images import SampleImages, Sequences
from darknet_py.data.bad_lists import (
    ListedFault,
    missing_label_file,
    unreadable_image,
    wrong_annotations,
)
from darknet_py.data.label_paths import label_path
from darknet_py.data.label_tracks import with_tracks
from darknet_py.data.labels import read_labels
from darknet_py.errors import DataError, ImageError
from darknet_py.images.reduced_images import Image, Size, open_reducible

Floats = NDArray[np.float32]
Sample = tuple[Pixels, Floats]
"""An image (C, H, W) uint8 and its truth array (truths,) float32."""
LabelledImage = tuple[Pixels, Floats]
"""An image (H, W, C) and its labels (K, 5)."""


@dataclass(frozen=True)
class DetectionSet:
    """Images with label files. `sample` is a pure function, so a run can start at any number.

    cached: decoded images by path, for a data set that fits into memory. reduced: images are
    decoded no larger than is needed; see `open_reducible`. sequences: how the images, then frames
    in their order, follow one another; None: they come at random.
    """

    images: Sequence[str]
    config: AugmentConfig
    cached: Mapping[str, Image] = field(default_factory=dict)
    reduced: bool = False
    sequences: Sequences | None = None

    def __post_init__(self) -> None:
        if not self.images:
            raise DataError("no images to train on; is the list of `train=` empty?")

    def sample(self, number: int, width: int, height: int, seed: int) -> Sample:
        """The number-th training sample at this size of the input.

        Raises ImageError for an image that cannot be read, DataError for a label file.
        """
        chosen = self._chosen(number, seed)
        pixels, labels = MIXES[chosen.mixing](self, chosen, (width, height))
        return np.ascontiguousarray(pixels.transpose(2, 0, 1)), self.config.truth_of(labels)

    def drawn(self, number: int, width: int, height: int, seed: int) -> list[str]:
        """The images that make up the number-th sample; raises what `sample` raises."""
        recorder = _RecordingDetectionSet(**self._fields)
        recorder.sample(number, width, height, seed)
        return recorder.paths

    def pick(self, chosen: SampleImages) -> tuple[Image, Floats, SampleDraws]:
        """An image, at random with repetition as in both programs, or the next of a sequence; its
        labels (K, 5), with tracks (K, 6), in random order; and from what its augmentation is
        drawn."""
        index, draws = chosen.image(len(self.images))
        path = self._path(index)
        file = os.fspath(label_path(path, self.config.fork))
        labels = self._labels(file)
        if self.config.tracks:
            labels = with_tracks(labels, file)
        return self._image(path), label_boxes.shuffled(labels, draws.own), draws

    def recording(self, faults: list[ListedFault]) -> DetectionSet:
        """The same samples; what is wrong with the files they are made of is added to a list."""
        return _ListingDetectionSet(**self._fields, faults=faults)

    @property
    def _fields(self) -> dict[str, Any]:
        return {one.name: getattr(self, one.name) for one in fields(DetectionSet)}

    def _chosen(self, number: int, seed: int) -> SampleImages:
        draws = draws_of(self.config.pairing, seed, number)
        if self.sequences is None:
            return SampleImages(draws, self.config.mixing_of(number, seed))
        return self.sequences.frames(draws, number, seed, self.config.mixing)

    def _labels(self, path: str) -> Floats:
        return read_labels(path)

    def _image(self, path: str) -> Image:
        upright = self.config.fork.images.upright
        return self.cached.get(path) or open_reducible(path, upright, self.reduced)

    def _path(self, index: int) -> str:
        return self.images[index]


@dataclass(frozen=True)
class _RecordingDetectionSet(DetectionSet):
    paths: list[str] = field(default_factory=list)

    def _path(self, index: int) -> str:
        self.paths.append(super()._path(index))
        return self.paths[-1]


@dataclass(frozen=True)
class _ListingDetectionSet(DetectionSet):
    faults: list[ListedFault] = field(default_factory=list)

    def _labels(self, path: str) -> Floats:
        labels = super()._labels(path)
        self.faults.extend(wrong_annotations(labels, path, self.config.classes))
        if not len(labels) and not os.path.exists(path):
            self.faults.append(missing_label_file(path))
        return labels

    def _image(self, path: str) -> Image:
        try:
            return super()._image(path)
        except ImageError:
            self.faults.append(unreadable_image(path))
            raise


def _single(source: DetectionSet, chosen: SampleImages, size: Size) -> LabelledImage:
    config = source.config
    image, labels, draws = source.pick(chosen)
    if config.cells:
        return _extended(config, image, labels, draws.other, size)
    if config.fork.samples.canvas:
        return _on_canvas(config, image, labels, draws.other, size)
    params = alexeyab_params(draws, config, image.size, size)
    return _cropped(config, image, labels, params, Window(0, 0, *size), size)


def _mixup(source: DetectionSet, chosen: SampleImages, size: Size) -> LabelledImage:
    first, labels = _single(source, chosen, size)
    second, more = _single(source, chosen, size)
    return mean_of(first, second), np.vstack([labels, more])


def _mosaic(source: DetectionSet, chosen: SampleImages, size: Size) -> LabelledImage:
    config = source.config
    canvas = np.zeros((size[1], size[0], config.channels), np.uint8)
    cut = mosaic.random_cut(chosen.draws.own, *size)
    parts: list[Floats] = []
    for number in range(len(mosaic.TILES)):
        image, labels, draws = source.pick(chosen)
        params = alexeyab_params(draws, config, image.size, size, number)
        tile = mosaic.tile(params.crop, params.flip, number, cut, size)
        if not (tile.window.width and tile.window.height):  # an input of a few pixels
            continue
        pixels, labels = _cropped(config, image, labels, params, tile.window, size)
        mosaic.paste(canvas, pixels, tile)
        parts.append(mosaic.labels_in_mosaic(labels, tile, size, config.mosaic_bound))
    return canvas, np.vstack(parts)


MIXES: dict[int, Callable[[DetectionSet, SampleImages, Size], LabelledImage]] = {
    0: _single,
    MIXUP: _mixup,
    MOSAIC: _mosaic,
}


def _cropped(
    config: AugmentConfig,
    image: Image,
    labels: Floats,
    params: AugmentParams,
    window: Window,
    size: Size,
) -> LabelledImage:
    """A window of the augmented image at `size`, and the labels of the whole of it."""
    transform = label_boxes.BoxTransform.of_crop(params.crop, params.flip)
    labels = label_boxes.transform_labels(labels, transform)[: config.boxes]
    labels = label_boxes.keep_alexeyab(labels, config.classes, *size)
    params = replace(params, effects=limited_effects(params.effects, labels, size))
    pixels = image.pixels(config.channels, params.crop.least(size))
    return rendered(pixels, params, labels, window, size)


def rendered(
    pixels: Pixels, params: AugmentParams, labels: Floats, window: Window, size: Size
) -> LabelledImage:
    """AlexeyAB's order: crop, resize, flip, effects. Returns the pixels of the window alone."""
    count = count_on_whole(params.effects)
    shown = Window(0, 0, *size) if count else window
    source = shown.mirrored(size[0]) if params.flip else shown
    pixels = source.of(crop_resize(pixels, params.crop, size))
    image = AugmentedImage(flip(pixels) if params.flip else pixels, labels, params.seed)
    image = apply_effects(image, params.effects[:count])
    if count:
        image = image._replace(pixels=window.of(image.pixels))
    image = apply_effects(image, params.effects[count:])
    return image.pixels, image.labels


def _on_canvas(
    config: AugmentConfig, image: Image, labels: Floats, rng: Generator, size: Size
) -> LabelledImage:
    """pjreddie's: the image, its aspect changed, as large as it fits anywhere on grey."""
    params = canvas_params(rng, config, image.size, size)
    canvas = np.full((size[1], size[0], config.channels), GREY, np.uint8)
    paste_stretched(image.pixels(config.channels, params.size), params.size, params.corner, canvas)
    canvas = adjust_color(canvas, params.color)
    scale = (params.size[0] / size[0], params.size[1] / size[1])
    transform = label_boxes.BoxTransform(
        scale, (-params.corner[0] / size[0], -params.corner[1] / size[1]), params.flip
    )
    labels = label_boxes.transform_labels(labels, transform, anywhere=True)[: config.boxes]
    return (flip(canvas) if params.flip else canvas), label_boxes.keep_pjreddie(labels)


def _extended(
    config: AugmentConfig, image: Image, labels: Floats, rng: Generator, size: Size
) -> LabelledImage:
    """YOLOv1's: a jittered crop whose outside repeats the edge."""
    params = yolov1_params(rng, config, image.size)
    pixels = image.pixels(config.channels, params.crop.least(size))
    pixels = crop_extend(pixels, params.crop, size)
    pixels = adjust_color(flip(pixels) if params.flip else pixels, params.color)
    transform = label_boxes.BoxTransform.of_crop(params.crop, params.flip)
    return pixels, label_boxes.transform_labels(
        labels, transform, anywhere=config.fork.samples.canvas
    )
