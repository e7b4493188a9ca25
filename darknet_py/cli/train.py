"""`train`, `detector train`, `classifier train` and `rnn train`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from darknet_py.cli import options

F = TypeVar("F", bound=Callable[..., Any])
Decorator = Callable[[Any], Any]

GOING_ON: tuple[Decorator, ...] = (
    click.option(
        "--max_batches", type=click.IntRange(1), help="Iterations in all, instead of the cfg's."
    ),
    click.option("--clear", is_flag=True, help="Count iterations from 0 whatever WEIGHTS say."),
    click.option("--resume", is_flag=True, help="Continue exactly where the last run stopped."),
)
MAP: tuple[Decorator, ...] = (
    click.option("--map", "evaluates", is_flag=True, help="Evaluate now and then; keep the best."),
    click.option(
        "--mAP_epochs",
        "epochs",
        type=click.IntRange(1),
        default=4,
        show_default=True,
        help="Passes over the pictures between evaluations.",
    ),
    click.option(
        "--thresh",
        type=float,
        default=0.25,
        show_default=True,
        help="Score for what -map counts as found.",
    ),
    click.option(
        "--iou_thresh",
        type=float,
        default=0.5,
        show_default=True,
        help="Overlap with a label that -map asks for.",
    ),
)
TOPK = click.option(
    "--topk",
    "evaluates",
    is_flag=True,
    help="Measure now and then how often the right class is among the top= best (default: 5, of "
    "5 classes or fewer 1); keep the best weights.",
)
TEXT: tuple[Decorator, ...] = (
    click.option(
        "--file",
        "data",
        default="data/shakespeare.txt",
        show_default=True,
        metavar="FILE",
        help="The text.",
    ),
    click.option("--tokenized", is_flag=True, help="The text is the numbers of its words."),
    click.option(
        "--backup",
        default="backup",
        show_default=True,
        metavar="FOLDER",
        help="Where to keep the weights.",
    ),
)
RUNNING: tuple[Decorator, ...] = (
    click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same run."),
    click.option(
        "--iterations", type=click.IntRange(0), default=0, help="Stop, and save, after so many."
    ),
    options.fork,
    click.option("-i", "gpu", type=int, metavar="GPU", help="CUDA device number."),
    click.option(
        "--gpus", metavar="0,1,...", help="CUDA devices to train on, a process each (torchrun)."
    ),
    click.option("--nogpu", is_flag=True, help="Run on the CPU."),
    click.option("--device", help="cpu, cuda, cuda:N or mps (default: CUDA if there is one)."),
    click.option(
        "--precision",
        type=click.Choice(["fp32", "bf16", "fp16"]),
        default="fp32",
        show_default=True,
    ),
    click.option("--compile", "compiled", is_flag=True, help="Run through torch.compile."),
    click.option("--sync_bn", "synced", is_flag=True, help="Batch statistics over all processes."),
)
WORKERS = click.option(
    "--workers",
    type=click.IntRange(0),
    help="Processes that prepare pictures (default: by the processors).",
)
CACHE = click.option("--cache", is_flag=True, help="Hold all pictures decoded in memory.")
SHOW_IMGS = click.option(
    "--show_imgs", is_flag=True, help="Write a page of the first samples: aug_NAME.jpg."
)
SHOWING: tuple[Decorator, ...] = (
    click.option(
        "--log-style",
        type=click.Choice(["auto", "live", "plain", "darknet"]),
        default="auto",
        show_default=True,
        help="auto: live on a terminal, plain lines elsewhere.",
    ),
    click.option("--chart", default="chart.png", show_default=True, metavar="FILE"),
    click.option("--results", default="results.csv", show_default=True, metavar="FILE"),
    click.option("--tensorboard", metavar="FOLDER", help="Write figures for TensorBoard too."),
)
WINDOW: tuple[Decorator, ...] = (
    click.option("--dont_show", is_flag=True, help="No effect: no window is ever opened."),
    click.option("--mjpeg_port", type=int, help="No effect: the chart is a file."),
)
WITHOUT_EFFECT = ("dont_show", "mjpeg_port")


def _with(chosen: Sequence[Decorator]) -> Callable[[F], F]:
    def decorate(command: F) -> F:
        for option in reversed(chosen):
            command = option(command)
        return command

    return decorate


@click.command()
@click.argument("data")
@click.argument("cfg")
@click.argument("weights", required=False)
@_with([*GOING_ON, *MAP, *RUNNING, WORKERS, CACHE, SHOW_IMGS, *SHOWING, *WINDOW])
def train(**choices: Any) -> None:
    """Train CFG on the pictures of DATA, from scratch or from WEIGHTS."""
    _run("detector", choices)


@click.command("train")
@click.argument("data")
@click.argument("cfg")
@click.argument("weights", required=False)
@_with([*GOING_ON, TOPK, *RUNNING, WORKERS, SHOW_IMGS, *SHOWING, *WINDOW])
def classifier(**choices: Any) -> None:
    """Train the classifier CFG on the pictures of DATA, from scratch or from WEIGHTS.

    labels= of DATA names a file with a part of the paths of its pictures for each class.
    """
    _run("classifier", choices)


@click.command("train")
@click.argument("cfg")
@click.argument("weights", required=False)
@_with([*TEXT, *GOING_ON, *RUNNING, *SHOWING])
def rnn(**choices: Any) -> None:
    """Train the recurrent network CFG to go on with a text, from scratch or from WEIGHTS."""
    _run("rnn", choices)


def _run(kind: str, choices: dict[str, Any]) -> None:
    from darknet_py.train.launch import relaunched
    from darknet_py.train.session import Job, run

    for word in WITHOUT_EFFECT:
        choices.pop(word, None)
    code = relaunched(choices.pop("gpus"))
    raise SystemExit(run(Job(kind=kind, **choices)) if code is None else code)
