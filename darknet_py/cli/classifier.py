"""`classify` and the commands of `classifier`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from darknet_py.cli import options

F = TypeVar("F", bound=Callable[..., Any])

topmost = click.option(
    "-t",
    "top",
    type=click.IntRange(1),
    metavar="N",
    help="Guesses that count, instead of top= in DATA.",
)
names = click.option("--names", metavar="FILE", help="Class names, one a line.")
batch = click.option(
    "--batch", type=click.IntRange(1), default=8, show_default=True, help="Pictures run at once."
)


def _common(function: F) -> F:
    decorated: F = options.where(options.running(function))
    return options.fork(options.width(options.height(decorated)))


@click.command()
@click.argument("cfg")
@click.argument("weights")
@click.argument("images", nargs=-1)
@click.option(
    "-t", "top", type=click.IntRange(1), default=5, show_default=True, help="Classes to name."
)
@names
@_common
def classify(**choices: Any) -> None:
    """Say what IMAGES (files, folders, globs, .txt lists) show; without any, paths from stdin.

    Names are those of --names, else of cfg/imagenet1k.data where it is there and the network has
    1000 classes, else of the names file beside CFG.
    """
    _predict(choices)


@click.command()
@click.argument("data")
@click.argument("cfg")
@click.argument("weights")
@click.argument("images", nargs=-1)
@topmost
@names
@_common
def predict(**choices: Any) -> None:
    """Say what IMAGES show, with the names= (or labels=) of DATA; without any, paths from stdin."""
    _predict(choices)


def _predict(choices: dict[str, Any]) -> None:
    from darknet_py.classify.opening import Job
    from darknet_py.classify.predict import predict as run

    _finish(run(_job(Job, choices)))


def _job(kind: Callable[..., Any], choices: dict[str, Any]) -> Any:
    return kind(**choices | {"top": choices["top"] or 0})


def _finish(failures: int) -> None:
    if failures:
        raise SystemExit(1)


def _over_list(way: str, help: str, run: Callable[[Any, str], int]) -> click.Command:
    """A command that runs over a list of DATA."""

    @click.command(way, help=help)
    @click.argument("data")
    @click.argument("cfg")
    @click.argument("weights")
    @topmost
    @batch
    @_common
    def command(**choices: Any) -> None:
        from darknet_py.classify.opening import Job

        _finish(run(_job(Job, choices), way))

    return command


def _validate(job: Any, way: str) -> int:
    from darknet_py.classify.validate import validate

    return validate(job, way)


def _list(job: Any, what: str) -> int:
    from darknet_py.classify.listing import list_scores

    return list_scores(job, what)


valid = _over_list("valid", "Measure top-1 and top-k on the valid= list of DATA.", _validate)
valid10 = _over_list("valid10", "The same, each picture by ten pieces of it.", _validate)
validcrop = _over_list("validcrop", "The same, each picture stretched to the input.", _validate)
validfull = _over_list("validfull", "The same, on whole pictures at their own aspect.", _validate)
validmulti = _over_list("validmulti", "The same, on whole pictures in several sizes.", _validate)
test = _over_list("test", "Print all scores of every picture of DATA's test= list.", _list)
label = _over_list("label", "Print the class of every picture of DATA's test= list.", _list)
csv = _over_list("csv", "Print the numbers of the best classes of DATA's test= list.", _list)
