"""`train`, and the `train` of each group."""

from __future__ import annotations

from typing import Any

import click

from darknet_py.cli.click_options import arguments, options_of
from darknet_py.cli.network_arguments import network_arguments
from darknet_py.options.model import SizeOptions
from darknet_py.options.training import (
    ClassifierTrainOptions,
    DetectorTrainOptions,
    GoTrainOptions,
    InstanceTrainOptions,
    RegressorTrainOptions,
    SegmenterTrainOptions,
    TextTrainOptions,
    TrainOptions,
)

NET = ("max_batches", "batch", "subdivisions")
GOING_ON = ("clear", "resume")
MAP = ("evaluates", "epochs", "thresh", "iou_thresh")
TEXT = ("data", "tokenized", "backup")
MOVES = ("data", "backup")
gpus = click.option(
    "--gpus", metavar="0,1,...", help="CUDA devices to train on, a process each (torchrun)."
)
RUNNING = (
    *("seed", "iterations", "fork", "gpu", gpus, "nogpu", "device"),
    *("precision", "compiled", "exact"),
)
IMAGES = ("sync_batchnorm", "workers", "cache", "reduced_decode", "show_imgs")


@click.command()
@network_arguments("data|folder", "cfg", "[weights]", fills=False)
@options_of(DetectorTrainOptions, *NET, SizeOptions, *GOING_ON, *MAP, *RUNNING, *IMAGES)
def train(**choices: Any) -> None:
    """Train CFG on the images of DATA, from scratch or from WEIGHTS."""
    run_training(DetectorTrainOptions, choices)


@click.command("train")
@network_arguments("data", "cfg", "[weights]", fills=False)
@options_of(
    ClassifierTrainOptions, *NET, SizeOptions, *GOING_ON, "evaluates", *RUNNING, "sync_batchnorm"
)
def classifier(**choices: Any) -> None:
    """Train the classifier CFG on the images of DATA, from scratch or from WEIGHTS.

    labels= of DATA names a file with a part of the paths of its images for each class.
    """
    run_training(ClassifierTrainOptions, choices)


@click.command("train")
@network_arguments("data", "cfg", "[weights]", fills=False)
@options_of(SegmenterTrainOptions, *NET, SizeOptions, *GOING_ON, *RUNNING, "sync_batchnorm")
def segmenter(**choices: Any) -> None:
    """Train the segmenter CFG on the images of DATA, from scratch or from WEIGHTS.

    The masks of images/a.jpg are those of mask/a.txt: a class and its run lengths a line.
    """
    run_training(SegmenterTrainOptions, choices)


@click.command("train")
@network_arguments("data", "cfg", "[weights]", fills=False)
@options_of(InstanceTrainOptions, *NET, SizeOptions, *GOING_ON, *RUNNING, "sync_batchnorm")
def isegmenter(**choices: Any) -> None:
    """Train CFG, which ends in [iseg], to tell the objects in DATA's images apart.

    The masks of images/a.jpg are those of mask/a.txt: a class and its run lengths an object.
    """
    run_training(InstanceTrainOptions, choices)


@click.command("train")
@network_arguments("data", "cfg", "[weights]", fills=False)
@options_of(RegressorTrainOptions, *NET, SizeOptions, *GOING_ON, *RUNNING, "sync_batchnorm")
def regressor(**choices: Any) -> None:
    """Train CFG to give the numbers that belong to DATA's images.

    The numbers of images/a.jpg are those of labels/a.txt, as many as classes= of DATA says.
    """
    run_training(RegressorTrainOptions, choices)


@click.command("train")
@arguments("cfg", "[weights]")
@options_of(TextTrainOptions, *TEXT, *NET, *GOING_ON, *RUNNING)
def rnn(**choices: Any) -> None:
    """Train the recurrent network CFG to go on with a text, from scratch or from WEIGHTS."""
    run_training(TextTrainOptions, choices)


@click.command("train")
@arguments("cfg", "[weights]", "[moves]")
@options_of(GoTrainOptions, *MOVES, *NET, *GOING_ON, *RUNNING)
def go(moves: str | None, **choices: Any) -> None:
    """Train CFG on the moves of games of Go, from scratch or from WEIGHTS.

    MOVES is the file of them, as -file FILE.
    """
    if moves is not None:
        choices["data"] = moves
    run_training(GoTrainOptions, choices)


def run_training(kind: type[TrainOptions], choices: dict[str, Any]) -> None:
    from darknet_py.distributed.launch import devices, relaunch
    from darknet_py.train.command import run

    chosen = devices(choices.pop("gpus"))
    if len(chosen) > 1:
        raise SystemExit(relaunch(chosen))
    if chosen:
        choices["gpu"] = chosen[0]
    raise SystemExit(run(kind(**choices)))
