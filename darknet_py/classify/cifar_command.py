"""What `cifar test`, `multi`, `csv`, `csvtrain`, `eval` and `extract` do."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from darknet_py.classify.classifier import Classifier, Scores
from darknet_py.classify.load_classifier import read_without_head, start_classifier
from darknet_py.classify.views import single
from darknet_py.data.cifar_batches import (
    NAMES,
    SIDE,
    TEST,
    TRAIN,
    CifarImages,
    read_cifar,
    read_predictions,
    require_cifar,
)
from darknet_py.files import make_folder
from darknet_py.images.draw import save_image
from darknet_py.images.tensors import to_tensor
from darknet_py.network.graph import Graph
from darknet_py.options.cifar_words import CifarEvalOptions, CifarExtractOptions, CifarRunOptions


def test(options: CifarRunOptions) -> None:
    """Print how often the best class is the right one."""
    classifier, images = _opened(options, TEST)
    start = time.perf_counter()
    scores = np.concatenate([*_scores(classifier, images, options.batch)])
    seconds = time.perf_counter() - start
    share = accuracy(scores, images.classes)
    click.echo(f"top1: {share:f}, {seconds:f} seconds, {len(images)} images")


def multi(options: CifarRunOptions) -> None:
    """Print the same after each image, by the image and its mirror image together."""
    classifier, images = _opened(options, TEST)
    number = right = 0
    for part in _scores(classifier, images, options.batch, mirrored=True):
        for row in part:
            right += int(row.argmax() == images.classes[number])
            click.echo(f"{number:4d}: {100 * right / (number + 1):.2f}%")
            number += 1


def csv(options: CifarRunOptions) -> None:
    """Print the scores of the test images: the mean of an image's and its mirror image's."""
    _print_scores(options, TEST)


def csvtrain(options: CifarRunOptions) -> None:
    """The same of the training images."""
    _print_scores(options, TRAIN)


def _print_scores(options: CifarRunOptions, files: Sequence[str]) -> None:
    classifier, images = _opened(options, files)
    parts = []
    for part in _scores(classifier, images, options.batch, mirrored=True):
        parts.append(part / np.float32(2))
        for row in parts[-1].tolist():
            click.echo(",".join(f"{score:.17g}" for score in row))
    # For csvtrain both programs compare with smoothed labels, by which all is right.
    share = accuracy(np.concatenate(parts), images.classes)
    click.echo(f"Accuracy: {share:f}", err=True)


def evaluate_csv(options: CifarEvalOptions) -> None:
    """Print how often the scores of a .csv are highest for the right class."""
    images = read_cifar(options.batches, TEST)
    scores = read_predictions(options.predictions, len(images))
    click.echo(f"{len(scores)} {scores.shape[1]}", err=True)
    click.echo(f"Accuracy: {accuracy(scores, images.classes):f}", err=True)


def extract(options: CifarExtractOptions) -> None:
    """Write all images as PNG, named by number and class."""
    for name, files in (("train", TRAIN), ("test", TEST)):
        images, folder = read_cifar(options.batches, files), Path(options.out) / name
        make_folder(folder)
        for number, (class_id, chw) in enumerate(zip(images.classes, images.pixels, strict=True)):
            path = folder / f"{number}_{NAMES[class_id]}.png"
            save_image(path, np.ascontiguousarray(chw[::-1].transpose(1, 2, 0)))
        click.echo(f"{folder}: {len(images)} images", err=True)


def accuracy(scores: Scores, classes: NDArray[np.int64]) -> float:
    """The share of rows (N, 10) whose highest score is that of the class."""
    return float((scores.argmax(axis=1) == classes).mean())


def _opened(options: CifarRunOptions, files: Sequence[str]) -> tuple[Classifier, CifarImages]:
    graph, plan = read_without_head(options)
    require_cifar(graph)
    images = read_cifar(options.batches, files)
    return start_classifier(graph, plan, options.engine_config()), images


def _scores(
    classifier: Classifier, images: CifarImages, batch: int, mirrored: bool = False
) -> Iterator[Scores]:
    """(batch, 10) each; mirrored: the sum with those of the mirror images."""
    for first in range(0, len(images), batch):
        inputs = [
            [view, view.flip(2)] if mirrored else [view]
            for view in (
                _view(image, classifier.graph) for image in images.pixels[first : first + batch]
            )
        ]
        yield classifier.scores(inputs, batch)


def _view(chw: NDArray[np.uint8], graph: Graph) -> Tensor:
    """As it is; for a network of another input what `classifier valid` looks at."""
    image = to_tensor(chw.transpose(1, 2, 0))
    return image if (graph.net.width, graph.net.height) == (SIDE, SIDE) else single(image, graph)[0]
