"""Training samples of classifiers: an image at random, augmented as the fork does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from darknet_py.augment import mix
from darknet_py.augment.affine import Reach, draw_warp, middle, stretch, take
from darknet_py.augment.color import tint
from darknet_py.augment.pixels import Pixels, blur, draw_colour, flip
from darknet_py.cfg.datafile import DataFile
from darknet_py.data.class_labels import Floats, Labels, read_labels
from darknet_py.errors import BadOption, DataError, Location
from darknet_py.images.io import read_image
from darknet_py.layers.net import Net
from darknet_py.layers.tree import Tree
from darknet_py.network.graph import Graph

DEFAULT_BLUR = 15
"""Pixels that blur=1 blurs over; every other value is the number of pixels itself."""
RANDOM_EVERY, RANDOM_STEP, RANDOM_SIDES = 40, 32, (4, 14)
"""random=1: how often the input's size changes, and its sides: 4 to 14 times 32 pixels."""
BLURRED, MIXED = 0.25, 0.5
"""Shares of the samples that are blurred and mixed where the cfg asks for it."""


@dataclass(frozen=True)
class Recipe:
    """What augmentation does to a classifier's images: the options of [net].

    low, high: pixels of the shorter side, as parts of the input's width. center: no piece at
    random, the middle. blur: pixels, 0 for none. mixing: 0 or one of blend's ways.
    """

    channels: int
    angle: float
    aspect: float
    low: float
    high: float
    beyond: bool
    center: bool
    flip: bool
    hue: float
    saturation: float
    exposure: float
    blur: int
    mixing: int

    @staticmethod
    def of(graph: Graph) -> Recipe:
        """Raises BadOption for a value that no image can be made with."""
        net, ratios = graph.net, graph.fork.samples.crop_ratios
        _check(net)
        low, high = _crop_range(net, ratios)
        return Recipe(
            channels=net.channels,
            angle=net.angle,
            aspect=net.aspect,
            low=low,
            high=high,
            beyond=ratios,
            center=ratios and bool(net.center),
            flip=ratios or bool(net.flip),
            hue=net.hue,
            saturation=net.saturation,
            exposure=net.exposure,
            blur=0 if ratios else DEFAULT_BLUR if net.blur == 1 else net.blur,
            mixing=0 if ratios else _mixing(net),
        )

    def reach(self, width: int) -> Reach:
        """What is drawn from for an input `width` pixels wide."""
        low, high = (max(1, self._pixels(part, width)) for part in (self.low, self.high))
        return Reach(self.angle, self.aspect, low, high, self.beyond)

    def _pixels(self, part: float, width: int) -> int:
        # pjreddie's program multiplies its ratios in single precision and cuts the rest off.
        return int(np.float32(part) * np.float32(width)) if self.beyond else round(part * width)


@dataclass(frozen=True)
class ClassifierSet:
    """Images whose classes are told by their paths.

    `sample` is a pure function, so that a training can be resumed at any number.
    """

    images: Sequence[str]
    labels: Labels
    recipe: Recipe

    def __post_init__(self) -> None:
        if not self.images:
            raise DataError("no images to train on; is the list of `train=` empty?")

    @staticmethod
    def of(graph: Graph, images: Sequence[str], data: DataFile) -> ClassifierSet:
        """The images of a list with the labels of a .data file, for a network.

        Raises DataError when labels and network do not fit together.
        """
        smoothing = graph.net.label_smooth_eps if graph.fork.samples.label_smoothing else 0.0
        labels = read_labels(data, tree_of(graph), smoothing)
        require_outputs(graph, len(labels.words), data)
        return ClassifierSet(images, labels, Recipe.of(graph))

    def sample(
        self, number: int, width: int, height: int, seed: int
    ) -> tuple[NDArray[np.uint8], Floats]:
        """The number-th training sample: uint8 (C, height, width) and truth (classes,).

        The image is drawn at random with replacement, as in both programs. Raises ImageError for
        an image that cannot be read.
        """
        rng = np.random.default_rng((seed, number))
        mixing = self.recipe.mixing if rng.random() < MIXED else 0
        if mixing == mix.EITHER:
            mixing = int(rng.integers(mix.CUTMIX, mix.MOSAIC, endpoint=True))
        parts = [self._part(rng, width, height) for _ in range(mix.PARTS[mixing])]
        pixels, truth = mix.MIXES[mixing](rng, parts)
        if self.recipe.blur and rng.random() < BLURRED:
            pixels = blur(pixels, self.recipe.blur)
        return np.ascontiguousarray(pixels.transpose(2, 0, 1)), truth

    def drawn(self, number: int, width: int, height: int, seed: int) -> list[str]:
        """The images that make up the number-th sample."""
        recorder = _Recorder(self.images, self.labels, self.recipe)
        recorder.sample(number, width, height, seed)
        return recorder.paths

    def _path(self, rng: Generator) -> str:
        return self.images[int(rng.integers(len(self.images)))]

    def _part(self, rng: Generator, width: int, height: int) -> mix.Part:
        path = self._path(rng)
        pixels = read_image(path, self.recipe.channels)
        return augmented(pixels, rng, self.recipe, width, height), self.labels.truth(path)


@dataclass(frozen=True)
class _Recorder(ClassifierSet):
    """Remembers which images a sample takes: what is drawn next depends on their sizes."""

    paths: list[str] = field(default_factory=list)

    def _path(self, rng: Generator) -> str:
        self.paths.append(super()._path(rng))
        return self.paths[-1]


def size_at(graph: Graph, step: int, seed: int) -> tuple[int, int]:
    """Width and height of the input at a training step, counted from 1.

    pjreddie's random=1 draws another square every 40 steps; nothing else changes the size.
    """
    net = graph.net
    if not (graph.fork.samples.crop_ratios and net.random):
        return net.width, net.height
    rng = np.random.default_rng((seed, (step - 1) // RANDOM_EVERY, RANDOM_STEP))
    side = RANDOM_STEP * int(rng.integers(*RANDOM_SIDES, endpoint=True))
    return side, side


def augmented(pixels: Pixels, rng: Generator, recipe: Recipe, width: int, height: int) -> Pixels:
    """One image, cut, flipped and coloured at random, of the size of the input."""
    if recipe.center:
        piece = middle(pixels, width, height)
    else:
        size = max(width, height)
        warp = draw_warp(rng, recipe.reach(width), (pixels.shape[1], pixels.shape[0]), size)
        piece = stretch(take(pixels, warp, size), width, height)
    if recipe.flip and rng.random() < 0.5:
        piece = flip(piece)
    return tint(piece, draw_colour(rng, recipe.hue, recipe.saturation, recipe.exposure))


def tree_of(graph: Graph) -> Tree | None:
    """The class hierarchy of the last layer that classifies, the one the C programs keep."""
    layers = [node.layer for node in graph.nodes if node.layer.CLASSIFIES]
    return layers[-1].hierarchy if layers else None


def require_outputs(graph: Graph, classes: int, data: DataFile) -> None:
    """Raises DataError when the network gives another number of values than there are classes."""
    outputs = graph.nodes[graph.last].out.size
    if outputs != classes:
        message = f"classes={classes}, the last layer of {graph.path} gives {outputs} values"
        raise DataError(
            f"{message}; set classes={outputs} or the layer's filters", Location(data.path)
        )


Limit = tuple[Callable[[float], bool], str]
SIZES = ("min_crop", "max_crop", "min_ratio", "max_ratio")
FACTORS = ("aspect", "saturation", "exposure")
LIMITS: dict[str, Limit] = {
    **dict.fromkeys(SIZES, (lambda value: value > 0, "more than 0")),
    **dict.fromkeys(FACTORS, (lambda value: value > 0, "more than 0; 1 changes nothing")),
    "blur": (lambda value: value >= 0, "a number of pixels, 1 for 15 of them, or 0"),
    "mixup": (lambda value: value in range(5), "0 to 4"),
    "label_smooth_eps": (lambda value: 0 <= value < 1, "0 to less than 1"),
    "contrastive": (lambda value: value == 0, "0: this loss is not trained here"),
    "unsupervised": (lambda value: value == 0, "0: this needs the contrastive loss"),
}
"""What an option of [net] may be: its test, and that in words."""


def _check(net: Net) -> None:
    if not (net.width and net.height):
        raise BadOption("needs width and height: a classifier reads images", net.section.location())
    for key, (allowed, expected) in LIMITS.items():
        value = getattr(net, key)
        if value is not None and not allowed(value):
            raise BadOption(f"read {value:g}, expected {expected}", net.section.location(key))


def _crop_range(net: Net, ratios: bool) -> tuple[float, float]:
    """Least and greatest size of an image's shorter side, as parts of the input's width."""
    low = (net.width if net.min_crop is None else net.min_crop) / net.width
    high = (2 * net.width if net.max_crop is None else net.max_crop) / net.width
    if not ratios:
        return low, high
    return (
        low if net.min_ratio is None else net.min_ratio,
        high if net.max_ratio is None else net.max_ratio,
    )


def _mixing(net: Net) -> int:
    if net.mosaic and net.cutmix:
        return mix.EITHER
    return mix.CUTMIX if net.cutmix else mix.MOSAIC if net.mosaic else net.mixup
