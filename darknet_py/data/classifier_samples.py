"""Training samples of classifiers: an image at random, augmented as the fork does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from darknet_py.augment import mix
from darknet_py.augment.affine import affine, affine_params, center_square, stretch
from darknet_py.augment.classifier_config import ClassifierAugmentConfig
from darknet_py.augment.color import adjust_color, color_params
from darknet_py.augment.draws import SampleDraws, draws_of
from darknet_py.augment.pixels import Pixels, flip, gaussian_blur
from darknet_py.cfg.datafile import DataFile
from darknet_py.data.bad_lists import ListedFault, unreadable_image
from darknet_py.data.class_labels import ClassLabels, Floats
from darknet_py.data.label_kinds import training_labels
from darknet_py.errors import DataError, ImageError, Location
from darknet_py.images.io import read_image
from darknet_py.layers.scores import Contrastive
from darknet_py.layers.tree import Tree
from darknet_py.network.graph import Graph

RANDOM_EVERY, RANDOM_STEP, RANDOM_SIDES = 40, 32, (4, 14)
"""random=1: how often the input's size changes, and its sides: 4 to 14 times 32 pixels."""
BLURRED = 0.25
"""Share of the samples that are blurred where the cfg asks for it."""


@dataclass(frozen=True)
class ClassifierSet:
    """Images whose classes are told by their paths.

    `sample` is a pure function, so that a training can be resumed at any number.
    """

    images: Sequence[str]
    labels: ClassLabels
    config: ClassifierAugmentConfig

    def __post_init__(self) -> None:
        if not self.images:
            raise DataError("no images to train on; is the list of `train=` empty?")

    @staticmethod
    def of(graph: Graph, images: Sequence[str], data: DataFile) -> ClassifierSet:
        """The images of a list with the labels of a .data file, for a network.

        Raises DataError when labels and network do not fit together.
        """
        labels = training_labels(graph, data, tree_of(graph))
        require_outputs(graph, len(labels.words), data)
        return ClassifierSet(images, labels, ClassifierAugmentConfig.of(graph))

    def sample(
        self, number: int, width: int, height: int, seed: int
    ) -> tuple[NDArray[np.uint8], Floats]:
        """The number-th training sample: uint8 (C, height, width) and its truth array (classes,).

        The image is drawn at random with replacement, as in both programs. Raises ImageError for
        an image that cannot be read.
        """
        draws = draws_of(self.config.pairing, seed, number)
        rng, mixing = draws.other, self.config.mixing_of(number, seed)
        if mixing == mix.EITHER:
            mixing = int(rng.integers(mix.CUTMIX, mix.MOSAIC, endpoint=True))
        parts = [self._part(draws, width, height) for _ in range(mix.PARTS[mixing])]
        pixels, truth = mix.MIXES[mixing](rng, parts)
        if self.config.blur and rng.random() < BLURRED:
            pixels = gaussian_blur(pixels, self.config.blur)
        return np.ascontiguousarray(pixels.transpose(2, 0, 1)), truth

    def drawn(self, number: int, width: int, height: int, seed: int) -> list[str]:
        """The images that make up the number-th sample."""
        recorder = _RecordingClassifierSet(self.images, self.labels, self.config)
        recorder.sample(number, width, height, seed)
        return recorder.paths

    def recording(self, faults: list[ListedFault]) -> ClassifierSet:
        """The same samples; images that cannot be read are added to a list."""
        return _ListingClassifierSet(self.images, self.labels, self.config, faults)

    def _pixels(self, path: str) -> Pixels:
        return read_image(path, self.config.channels, self.config.upright)

    def _path(self, rng: Generator) -> str:
        return self.images[int(rng.integers(len(self.images)))]

    def _part(self, draws: SampleDraws, width: int, height: int) -> mix.Part:
        path = self._path(draws.images)
        pixels = self._pixels(path)
        return augmented(pixels, draws.other, self.config, width, height), self.labels.truth(path)


@dataclass(frozen=True)
class _RecordingClassifierSet(ClassifierSet):
    """Remembers which images a sample takes: what is drawn next depends on their sizes."""

    paths: list[str] = field(default_factory=list)

    def _path(self, rng: Generator) -> str:
        self.paths.append(super()._path(rng))
        return self.paths[-1]


@dataclass(frozen=True)
class _ListingClassifierSet(ClassifierSet):
    faults: list[ListedFault] = field(default_factory=list)

    def _pixels(self, path: str) -> Pixels:
        try:
            return super()._pixels(path)
        except ImageError:
            self.faults.append(unreadable_image(path))
            raise


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


def augmented(
    pixels: Pixels, rng: Generator, config: ClassifierAugmentConfig, width: int, height: int
) -> Pixels:
    """One image, cut, flipped and coloured at random, of the size of the input."""
    if config.center:
        piece = center_square(pixels, width, height)
    else:
        size = max(width, height)
        params = affine_params(
            rng, config.affine_range(width), (pixels.shape[1], pixels.shape[0]), size
        )
        piece = stretch(affine(pixels, params, size), width, height)
    if config.flip and rng.random() < 0.5:
        piece = flip(piece)
    return adjust_color(piece, color_params(rng, config.hue, config.saturation, config.exposure))


def tree_of(graph: Graph) -> Tree | None:
    """The class hierarchy of the last layer that classifies, the one the C programs keep."""
    layers = [node.layer for node in graph.nodes if node.layer.CLASSIFIES]
    return layers[-1].hierarchy if layers else None


def require_outputs(graph: Graph, classes: int, data: DataFile) -> None:
    """Raises DataError when the network gives another number of values than there are classes."""
    last = graph.nodes[graph.last]
    # What a loss over embeddings gives are no classes, but it is told how many there are.
    outputs = last.layer.classes if isinstance(last.layer, Contrastive) else last.out.size
    if outputs != classes:
        message = f"classes={classes}, the last layer of {graph.path} gives {outputs} values"
        raise DataError(
            f"{message}; set classes={outputs} or the layer's filters", Location(data.path)
        )
