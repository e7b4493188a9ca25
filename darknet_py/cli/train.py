"""`train` and `detector train`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from darknet_py.cli import options

F = TypeVar("F", bound=Callable[..., Any])

WINDOW_WORDS = ("dont_show", "mjpeg_port")
OPTIONS = (
    click.option("--clear", is_flag=True, help="Count iterations from 0 whatever WEIGHTS say."),
    click.option("--resume", is_flag=True, help="Continue exactly where the last run stopped."),
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
    click.option(
        "--workers",
        type=click.IntRange(0),
        help="Processes that prepare pictures (default: by the processors).",
    ),
    click.option("--cache", is_flag=True, help="Hold all pictures decoded in memory."),
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
    click.option("--dont_show", is_flag=True, help="No effect: no window is ever opened."),
    click.option("--mjpeg_port", type=int, help="No effect: the chart is a file."),
)


def training_options(command: F) -> F:
    for option in reversed(OPTIONS):
        command = option(command)
    return command


@click.command()
@click.argument("data")
@click.argument("cfg")
@click.argument("weights", required=False)
@training_options
def train(gpus: str | None, **choices: Any) -> None:
    """Train CFG on the pictures of DATA, from scratch or from WEIGHTS."""
    from darknet_py.train.launch import relaunched
    from darknet_py.train.session import Job, run

    for word in WINDOW_WORDS:
        del choices[word]
    code = relaunched(gpus)
    raise SystemExit(run(Job(**choices)) if code is None else code)
