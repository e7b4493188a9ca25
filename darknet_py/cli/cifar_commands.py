"""The commands of `cifar`: classifiers on CIFAR-10's binary files."""

from __future__ import annotations

from typing import Any

import click

from darknet_py.cli.click_options import arguments, options_of
from darknet_py.cli.train_commands import GOING_ON, RUNNING, run_training
from darknet_py.options.cifar_words import (
    CifarDistillOptions,
    CifarEvalOptions,
    CifarExtractOptions,
    CifarRunOptions,
    CifarTrainOptions,
)

TRAINING = ("batches", "backup", *GOING_ON, *RUNNING)


@click.command()
@arguments("cfg", "[weights]")
@options_of(CifarTrainOptions, *TRAINING)
def train(**choices: Any) -> None:
    """Train the classifier CFG on CIFAR-10, from scratch or from WEIGHTS."""
    run_training(CifarTrainOptions, choices)


@click.command()
@arguments("cfg", "[weights]")
@options_of(CifarDistillOptions, "ensemble", *TRAINING)
def distill(**choices: Any) -> None:
    """Train CFG on what other networks have predicted (a .csv), with a tenth of the labels."""
    run_training(CifarDistillOptions, choices)


@click.command()
@arguments("cfg", "[weights]")
@options_of(CifarRunOptions, "batches", "batch")
def test(**choices: Any) -> None:
    """Print how often the classifier is right on test_batch.bin."""
    from darknet_py.classify.cifar_command import test as run

    run(CifarRunOptions(**choices))


@click.command()
@arguments("cfg", "[weights]")
@options_of(CifarRunOptions, "batches", "batch")
def multi(**choices: Any) -> None:
    """The same image by image, each together with its mirror image."""
    from darknet_py.classify.cifar_command import multi as run

    run(CifarRunOptions(**choices))


@click.command()
@arguments("cfg", "[weights]")
@options_of(CifarRunOptions, "batches", "batch")
def csv(**choices: Any) -> None:
    """Print the scores of test_batch.bin, a line an image."""
    from darknet_py.classify.cifar_command import csv as run

    run(CifarRunOptions(**choices))


@click.command()
@arguments("cfg", "[weights]")
@options_of(CifarRunOptions, "batches", "batch")
def csvtrain(**choices: Any) -> None:
    """Print the scores of the training images, for `cifar distill`."""
    from darknet_py.classify.cifar_command import csvtrain as run

    run(CifarRunOptions(**choices))


@click.command("eval")
@arguments("[cfg]", "[weights]")
@options_of(CifarEvalOptions, "predictions")
def evaluate(cfg: str | None, weights: str | None, **choices: Any) -> None:
    """Print how often the scores of a .csv are right on test_batch.bin.

    Darknet asks for a CFG here and does not read it; neither is it read here.
    """
    from darknet_py.classify.cifar_command import evaluate_csv

    evaluate_csv(CifarEvalOptions(**choices))


@click.command()
@arguments("[cfg]", "[weights]")
@options_of(CifarExtractOptions, "out")
def extract(cfg: str | None, weights: str | None, **choices: Any) -> None:
    """Write all images as PNG files, for `classifier train`.

    Darknet asks for a CFG here and does not read it; neither is it read here.
    """
    from darknet_py.classify.cifar_command import extract as run

    run(CifarExtractOptions(**choices))
