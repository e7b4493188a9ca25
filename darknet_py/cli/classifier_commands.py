"""`classify` and the commands of `classifier`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from darknet_py.cli.click_options import options_of
from darknet_py.cli.network_arguments import network_arguments
from darknet_py.options.inference import ClassifyOptions, ListedOptions, PredictOptions


@click.command()
@network_arguments("cfg", "[weights]", "images...")
@options_of(ClassifyOptions, "top")
def classify(**choices: Any) -> None:
    """Say what IMAGES (files, folders, globs, .txt lists) show; without any, paths from stdin.

    Names are those of --names, else of cfg/imagenet1k.data where it is there and the network has
    1000 classes, else of the names file beside CFG.
    """
    _predict(ClassifyOptions(**choices))


@click.command()
@network_arguments("data", "cfg", "[weights]", "images...")
@options_of(PredictOptions, "top")
def predict(**choices: Any) -> None:
    """Say what IMAGES show, with the names= (or labels=) of DATA; without any, paths from stdin."""
    _predict(PredictOptions(**choices))


def _predict(options: PredictOptions) -> None:
    from darknet_py.classify.predict import predict as run

    _finish(run(options))


def _finish(failures: int) -> None:
    if failures:
        raise SystemExit(1)


def _over_list(way: str, help: str, run: Callable[[ListedOptions, str], int]) -> click.Command:
    """A command that runs over a list of DATA."""

    @click.command(way, help=help)
    @network_arguments("data", "cfg", "[weights]")
    @options_of(ListedOptions, "top")
    def command(**choices: Any) -> None:
        _finish(run(ListedOptions(**choices), way))

    return command


def _validate(options: ListedOptions, way: str) -> int:
    from darknet_py.classify.classifier_valid import validate

    return validate(options, way)


def _list(options: ListedOptions, what: str) -> int:
    from darknet_py.classify.predict import list_scores

    return list_scores(options, what)


valid = _over_list("valid", "Measure top-1 and top-k on the valid= list of DATA.", _validate)
valid10 = _over_list("valid10", "Like valid, on ten crops of each image.", _validate)
validcrop = _over_list(
    "validcrop", "Like valid, with each image stretched to the input.", _validate
)
validfull = _over_list(
    "validfull", "Like valid, on whole images at their own aspect ratio.", _validate
)
validmulti = _over_list("validmulti", "Like valid, on whole images at several sizes.", _validate)
test = _over_list("test", "Print all scores of every image of DATA's test= list.", _list)
label = _over_list("label", "Print the class of every image of DATA's test= list.", _list)
csv = _over_list("csv", "Print the numbers of the best classes of DATA's test= list.", _list)
