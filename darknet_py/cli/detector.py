"""`detect` and `detector test`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from darknet_py.cli import options

F = TypeVar("F", bound=Callable[..., Any])

WINDOW_WORDS = ("dont_show", "fullscreen")
OPTIONS = (
    click.option("--thresh", type=float, help="Score a box must be over (default: the fork's)."),
    click.option(
        "--hier",
        type=float,
        default=0.5,
        show_default=True,
        help="Least product down a class tree.",
    ),
    click.option(
        "--nms",
        type=float,
        default=0.45,
        show_default=True,
        help="Overlap over which the weaker box goes; 0: keep all.",
    ),
    click.option("--letter_box", is_flag=True, help="Keep the picture's aspect, pad with grey."),
    click.option("--ext_output", is_flag=True, help="Print each box in pixels as well."),
    click.option(
        "--save_labels", is_flag=True, help="Write a YOLO label file beside each picture."
    ),
    click.option(
        "--out",
        metavar="FILE",
        help="Write AlexeyAB's JSON (--fork pjreddie: name of the picture).",
    ),
    click.option(
        "--prefix", metavar="NAME", help="Write pictures as NAME.jpg instead of predictions.jpg."
    ),
    click.option("--names", metavar="FILE", help="Class names, one a line."),
    options.fork,
    options.where,
    options.running,
    click.option(
        "--batch",
        type=click.IntRange(1),
        help="Pictures run at once (default: 4 of many for a small network; else 1).",
    ),
    options.width,
    options.height,
    click.option(
        "--exif", is_flag=True, help="Turn pictures as their EXIF says (Darknet does not)."
    ),
    click.option("--benchmark_layers", is_flag=True, help="Print the time of every layer as well."),
    click.option("--dont_show", is_flag=True, help="No effect: no window is ever opened."),
    click.option("--fullscreen", is_flag=True, help="No effect: no window is ever opened."),
)


def detection_options(command: F) -> F:
    for option in reversed(OPTIONS):
        command = option(command)
    return command


@click.command()
@click.argument("cfg")
@click.argument("weights")
@click.argument("images", nargs=-1)
@detection_options
def detect(cfg: str, weights: str, images: tuple[str, ...], **choices: Any) -> None:
    """Find objects in IMAGES (files, folders, globs, .txt lists); without any, paths from stdin."""
    _run("detect_thresh", cfg=cfg, weights=weights, images=images, **choices)


@click.command()
@click.argument("data")
@click.argument("cfg")
@click.argument("weights")
@click.argument("images", nargs=-1)
@detection_options
def test(data: str, cfg: str, weights: str, images: tuple[str, ...], **choices: Any) -> None:
    """Find objects in IMAGES with the names of a .data file; without images, paths from stdin."""
    _run("test_thresh", data=data, cfg=cfg, weights=weights, images=images, **choices)


def _run(default_thresh: str, **choices: Any) -> None:
    from darknet_py.detect.command import Job, run
    from darknet_py.forks import fork_named

    if choices["thresh"] is None:
        choices["thresh"] = getattr(fork_named(choices["fork"]), default_thresh)
    for word in WINDOW_WORDS:
        del choices[word]
    layers = choices.pop("benchmark_layers")
    failures = run(Job(**choices))
    if layers:
        _print_layers(choices)
    if failures:
        raise SystemExit(1)


NETWORK = ("cfg", "weights", "fork", "width", "height", "device", "gpu", "nogpu")


def _print_layers(choices: dict[str, Any]) -> None:
    """As `benchmark --layers`, once at the end; AlexeyAB's program prints it picture by picture."""
    from darknet_py.benchmark.benchmark_options import Job
    from darknet_py.benchmark.command import print_layers

    network = {name: choices[name] for name in NETWORK}
    print_layers(Job(**network, precision=(choices["precision"],), batch=(choices["batch"] or 1,)))
