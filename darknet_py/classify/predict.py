"""What `classify` and `classifier predict`, `test`, `label` and `csv` print: classes of images."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import click

from darknet_py.cfg.datafile import DataFile
from darknet_py.cfg.names import class_names, fitting_data
from darknet_py.classify.given_images import given_images
from darknet_py.classify.load_classifier import LoadedClassifier, load_classifier
from darknet_py.network.darknet_lines import Said, inference_lines, say, told_keys
from darknet_py.options.inference import ListedOptions, PredictOptions

if TYPE_CHECKING:
    from darknet_py.classify.classifier import Classifier, Scores

IMAGENET = "cfg/imagenet1k.data"
"""Where Darknet's `classify` takes its names from."""
Line = Callable[[str, "Scores", list[str], int], str]


def predict(options: PredictOptions) -> int:
    """Print the best classes of every image; returns how many could not be read."""
    loaded = load_classifier(options)
    usual = None if options.names or loaded.data else fitting_data(IMAGENET, loaded.classes)
    names = class_names(options.names, options.cfg, loaded.classes, loaded.data or usual)
    graph = loaded.graph

    from darknet_py.classify import classifier_lines

    classifier = loaded.classifier(only_leaves=graph.fork.classify.predict_leaves)
    if options.as_darknet:
        say(_start(loaded, loaded.data or usual))
    if header := classifier_lines.header(graph, loaded.classes):
        click.echo(header)
    for path, scores, seconds in _predictions(loaded, classifier, options.images):
        timing = classifier_lines.timing(path, seconds, graph.fork)
        if not graph.fork.log.announces_classes:
            click.echo(timing, err=True)
        else:
            click.echo(f"{graph.net.width} {graph.net.height}\n{timing}")
        for line in classifier_lines.prediction(
            scores, names, loaded.topk, graph.fork, loaded.tree
        ):
            click.echo(line)
    return loaded.failures.count


def _start(loaded: LoadedClassifier, data: DataFile | None) -> Iterator[Said]:
    graph, options = loaded.graph, loaded.options
    yield from inference_lines(graph, loaded.plan, options.chosen_device)
    named = data is not None and "names" in data.options
    keys = {} if named else {"labels": "data/labels.list"}
    yield from told_keys(data, {**keys, "classes": "2", **({} if options.top else {"top": "1"})})


def _predictions(
    loaded: LoadedClassifier, classifier: Classifier, images: Sequence[str]
) -> Iterator[tuple[str, Scores, float]]:
    """Path, scores and seconds of the network for every image given or typed."""
    from darknet_py.classify.accuracy import prepared
    from darknet_py.classify.views import predicted
    from darknet_py.errors import ImageError

    for paths in given_images(images, loaded.failures, not loaded.options.as_darknet):
        for path, views in prepared(loaded.graph, paths, predicted):
            if isinstance(views, ImageError):
                loaded.failures.report(views)
                continue
            start = time.perf_counter()
            scores = classifier.scores([views])[0]
            yield path, scores, time.perf_counter() - start


def list_scores(options: ListedOptions, what: str) -> int:
    """Print a line for every image of the `test` list; returns how many could not be read."""
    loaded = load_classifier(options)
    default = "data/test.list" if what != "label" else "data/train.list"
    images = loaded.images("test", default)
    names = class_names(None, options.cfg, loaded.classes, loaded.data)

    from darknet_py.classify import views
    from darknet_py.classify.accuracy import score

    ways = {"test": views.stretched, "label": views.central, "csv": views.predicted}
    classifier = loaded.classifier(tree=what == "csv")
    report = loaded.failures.report
    for path, scores in score(classifier, images, ways[what], batch=options.batch, on_error=report):
        click.echo(LINES[what](path, scores, names, loaded.topk))
    return loaded.failures.count


def _all_scores(path: str, scores: Scores, names: list[str], topk: int) -> str:
    return "\t".join([path, *(f"{score:g}" for score in scores.tolist())])


def _best_name(path: str, scores: Scores, names: list[str], topk: int) -> str:
    return names[int(scores.argmax())]


def _best_numbers(path: str, scores: Scores, names: list[str], topk: int) -> str:
    from darknet_py.classify.classifier import top

    return "\t".join([path, *(str(number) for number in top(scores, topk))])


LINES: dict[str, Line] = {"test": _all_scores, "label": _best_name, "csv": _best_numbers}
