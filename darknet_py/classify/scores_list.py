"""What `classifier test`, `label` and `csv` print: one line an image of the `test` list."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from darknet_py.cfg.names import class_names
from darknet_py.classify.load_classifier import open_classifier
from darknet_py.options.inference import ListedOptions

if TYPE_CHECKING:
    from darknet_py.classify.classifier import Scores

Line = Callable[[str, "Scores", list[str], int], str]


def list_scores(options: ListedOptions, what: str) -> int:
    """Print a line for every image; returns how many could not be read."""
    opened = open_classifier(options)
    default = "data/test.list" if what != "label" else "data/train.list"
    images = opened.images("test", default)
    names = class_names(None, options.cfg, opened.classes, options.data)

    from darknet_py.classify import views
    from darknet_py.classify.accuracy import score

    ways = {"test": views.stretched, "label": views.central, "csv": views.predicted}
    classifier = opened.classifier(tree=what == "csv")
    report = opened.failures.report
    for path, scores in score(classifier, images, ways[what], batch=options.batch, on_error=report):
        click.echo(LINES[what](path, scores, names, opened.topk))
    return opened.failures.count


def _all_scores(path: str, scores: Scores, names: list[str], topk: int) -> str:
    return "\t".join([path, *(f"{score:g}" for score in scores.tolist())])


def _best_name(path: str, scores: Scores, names: list[str], topk: int) -> str:
    return names[int(scores.argmax())]


def _best_numbers(path: str, scores: Scores, names: list[str], topk: int) -> str:
    from darknet_py.classify.classifier import top

    return "\t".join([path, *(str(number) for number in top(scores, topk))])


LINES: dict[str, Line] = {"test": _all_scores, "label": _best_name, "csv": _best_numbers}
