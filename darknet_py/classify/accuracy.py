"""How often a classifier is right: top-1 and top-k over a list of images."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from darknet_py.classify.classifier import Classifier, Scores, leaves_of, top
from darknet_py.classify.views import View, full, scaled, single, stretched, ten
from darknet_py.data.class_labels import ClassLabels
from darknet_py.data.classifier_samples import tree_of
from darknet_py.engines.table import EngineConfig
from darknet_py.errors import ImageError
from darknet_py.images.frames import read_ahead
from darknet_py.images.io import read_image
from darknet_py.images.tensors import to_tensor
from darknet_py.network.graph import Graph
from darknet_py.network.network import Network

READERS = 2
AHEAD = 2
"""Batches of images read while one runs."""

OnError = Callable[[ImageError], None]


@dataclass(frozen=True)
class RunningAccuracy:
    """An image, its class by its path (-1: none), its scores, and how many were right so far."""

    path: str
    label: int
    scores: Scores
    count: int
    right: int
    in_top: int

    @property
    def top1(self) -> float:
        return self.right / self.count

    @property
    def topk(self) -> float:
        return self.in_top / self.count


VIEWS: dict[str, View] = {
    "valid": single,
    "valid10": ten,
    "validcrop": stretched,
    "validfull": full,
    "validmulti": scaled,
}
"""What each command of validation looks at."""


def running_accuracy(
    classifier: Classifier,
    images: Sequence[str],
    labels: ClassLabels,
    topk: int,
    way: str,
    *,
    batch: int,
    on_error: OnError,
) -> Iterator[RunningAccuracy]:
    """Every readable image with the accuracy so far, in order.

    An image's class is the first whose word is in its path; `validcrop` takes any of them. topk:
    how many guesses count. on_error is told of images that cannot be read; they do not count.
    """
    right = in_top = 0
    scored = score(classifier, images, VIEWS[way], batch=batch, on_error=on_error)
    for count, (path, scores) in enumerate(scored, start=1):
        matches = labels.matches(path)
        allowed = matches if way == "validcrop" else matches[:1]
        guesses = top(scores[: len(labels.words)], topk)
        right += guesses[0] in allowed
        in_top += any(guess in allowed for guess in guesses)
        yield RunningAccuracy(path, matches[0] if matches else -1, scores, count, right, in_top)


def measure(
    network: Network,
    images: Sequence[str],
    labels: ClassLabels,
    topk: int,
    *,
    device: str | torch.device = "cpu",
    batch: int = 8,
    leaves: Sequence[str] | None = None,
    on_error: OnError,
    each: Callable[[RunningAccuracy], object] | None = None,
) -> RunningAccuracy | None:
    """The accuracy of `classifier valid` after the last image; None where none can be read.

    leaves: which classes of a tree can be answered, None: those without children. each: told of
    every image. The network stays as it is: training may go on.
    """
    tree = tree_of(network.graph)
    mask = leaves_of(tree, leaves) if tree else None
    classifier = Classifier(network, EngineConfig(device=str(device)), tree, mask, shared=True)
    results = running_accuracy(
        classifier, images, labels, topk, "valid", batch=batch, on_error=on_error
    )
    last = None
    for last in results:
        if each:
            each(last)
    return last


def score(
    classifier: Classifier,
    images: Sequence[str],
    view: View,
    *,
    batch: int,
    on_error: OnError,
) -> Iterator[tuple[str, Scores]]:
    """Path and scores (classes,) of every readable image; the next are read while one runs."""
    reading = prepared(classifier.graph, images, view, AHEAD * batch)
    readable = _readable(reading, on_error)
    while loaded := list(islice(readable, batch)):
        scores = classifier.scores([views for _, views in loaded], batch)
        yield from zip((path for path, _ in loaded), np.asarray(scores), strict=True)


def prepared(
    graph: Graph, images: Iterable[str], view: View, depth: int = AHEAD
) -> Iterator[tuple[str, list[Tensor] | ImageError]]:
    """Path and inputs of every image, or why it cannot be read."""
    read = partial(read_image, channels=graph.net.channels, honour_exif=graph.fork.images.upright)
    for path, pixels in read_ahead(images, read, depth, READERS):
        if isinstance(pixels, ImageError):
            yield path, pixels
        else:
            yield path, view(to_tensor(pixels), graph)


def _readable(
    reading: Iterable[tuple[str, list[Tensor] | ImageError]], on_error: OnError
) -> Iterator[tuple[str, list[Tensor]]]:
    for path, views in reading:
        if isinstance(views, ImageError):
            on_error(views)
        else:
            yield path, views
