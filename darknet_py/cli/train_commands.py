"""`train`, `detector train`, `classifier train` and `rnn train`."""

from __future__ import annotations

from typing import Any

import click

from darknet_py.cli.click_options import arguments, options_of
from darknet_py.options.model import SizeOptions
from darknet_py.options.training import (
    ClassifierTrainOptions,
    DetectorTrainOptions,
    TextTrainOptions,
    TrainOptions,
)

NET = ("max_batches", "batch", "subdivisions")
GOING_ON = ("clear", "resume")
MAP = ("evaluates", "epochs", "thresh", "iou_thresh")
TEXT = ("data", "tokenized", "backup")
gpus = click.option(
    "--gpus", metavar="0,1,...", help="CUDA devices to train on, a process each (torchrun)."
)
RUNNING = ("seed", "iterations", "fork", "gpu", gpus, "nogpu", "device", "precision", "compiled")
IMAGES = ("sync_batchnorm", "workers", "cache", "reduced_decode", "show_imgs")


@click.command()
@arguments("data", "cfg", "[weights]")
@options_of(DetectorTrainOptions, *NET, SizeOptions, *GOING_ON, *MAP, *RUNNING, *IMAGES)
def train(**choices: Any) -> None:
    """Train CFG on the images of DATA, from scratch or from WEIGHTS."""
    _run(DetectorTrainOptions, choices)


@click.command("train")
@arguments("data", "cfg", "[weights]")
@options_of(
    ClassifierTrainOptions, *NET, SizeOptions, *GOING_ON, "evaluates", *RUNNING, "sync_batchnorm"
)
def classifier(**choices: Any) -> None:
    """Train the classifier CFG on the images of DATA, from scratch or from WEIGHTS.

    labels= of DATA names a file with a part of the paths of its images for each class.
    """
    _run(ClassifierTrainOptions, choices)


@click.command("train")
@arguments("cfg", "[weights]")
@options_of(TextTrainOptions, *TEXT, *NET, *GOING_ON, *RUNNING)
def rnn(**choices: Any) -> None:
    """Train the recurrent network CFG to go on with a text, from scratch or from WEIGHTS."""
    _run(TextTrainOptions, choices)


def _run(kind: type[TrainOptions], choices: dict[str, Any]) -> None:
    from darknet_py.train.command import run
    from darknet_py.train.distributed import devices, relaunch

    chosen = devices(choices.pop("gpus"))
    if len(chosen) > 1:
        raise SystemExit(relaunch(chosen))
    if chosen:
        choices["gpu"] = chosen[0]
    raise SystemExit(run(kind(**choices)))
