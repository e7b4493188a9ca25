"""What `classify` and `classifier predict` do: images in, the best classes out."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from darknet_py.cfg.names import class_names
from darknet_py.classify.load_classifier import Opened, open_classifier
from darknet_py.detect.prompt import typed_paths
from darknet_py.errors import DarknetError
from darknet_py.images.image_paths import expand
from darknet_py.options.inference import PredictOptions

if TYPE_CHECKING:
    from darknet_py.classify.classifier import Classifier, Scores

IMAGENET = "cfg/imagenet1k.data"
"""Where Darknet's `classify` takes its names from."""


def predict(options: PredictOptions) -> int:
    """Print the best classes of every image; returns how many could not be read."""
    opened = open_classifier(options)
    usual = _imagenet(opened) if options.names is None else None
    names = class_names(options.names, options.cfg, opened.classes, options.data or usual)
    graph = opened.graph

    from darknet_py.classify import class_lines

    classifier = opened.classifier(only_leaves=graph.fork.classify.predict_leaves)
    if header := class_lines.header(graph, opened.classes):
        click.echo(header)
    for path, scores, seconds in _predictions(opened, classifier, options.images):
        timing = class_lines.timing(path, seconds, graph.fork)
        if not graph.fork.log.announces_classes:
            click.echo(timing, err=True)
        else:
            click.echo(f"{graph.net.width} {graph.net.height}\n{timing}")
        for line in class_lines.prediction(scores, names, opened.topk, graph.fork, opened.tree):
            click.echo(line)
    return opened.failures.count


def _imagenet(opened: Opened) -> str | None:
    """Darknet's own file of ImageNet, where it is there and the network is one of ImageNet."""
    there = os.path.isfile(IMAGENET) and opened.classes == 1000
    return IMAGENET if there else None


def _predictions(
    opened: Opened, classifier: Classifier, images: Sequence[str]
) -> Iterator[tuple[str, Scores, float]]:
    """Path, scores and seconds of the network for every image given or typed."""
    from darknet_py.classify.accuracy import prepared
    from darknet_py.classify.views import predicted
    from darknet_py.errors import ImageError

    for paths in _given(images, opened):
        for path, views in prepared(opened.graph, paths, predicted):
            if isinstance(views, ImageError):
                opened.failures.report(views)
                continue
            start = time.perf_counter()
            scores = classifier.scores([views])[0]
            yield path, scores, time.perf_counter() - start


def _given(images: Sequence[str], opened: Opened) -> Iterator[Sequence[str]]:
    """The images of all arguments at once, or those of each line typed."""
    if images:
        yield [path for image in images for path in _expanded(image, opened)]
        return
    for line in typed_paths():
        yield _expanded(line, opened)
    click.echo()


def _expanded(image: str, opened: Opened) -> list[str]:
    try:
        return expand(image)
    except DarknetError as error:
        opened.failures.report(error)
        return []
