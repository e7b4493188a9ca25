"""`detect` and `detector test`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from darknet_py.cli.click_options import options_of
from darknet_py.cli.darknet_argv import PROGRAM_NOTE
from darknet_py.cli.darknet_flags import VIDEO
from darknet_py.cli.network_arguments import network_arguments
from darknet_py.options.flag import flags_of
from darknet_py.options.inference import DetectOptions
from darknet_py.options.model import ForkOptions, LogOptions, RunOptions, SizeOptions
from darknet_py.options.video import OutputOptions, SourceOptions, TrackOptions

detection_options = options_of(
    DetectOptions,
    *("thresh", "hier", "nms", "letter_box", "ext_output", "save_labels", "out", "prefix"),
    "no_pictures",
    *("names", ForkOptions, LogOptions, RunOptions, "batch", SizeOptions),
)
benchmark_layers = click.option(
    "--benchmark_layers", is_flag=True, help="Print the time of every layer as well."
)


@click.command()
@network_arguments("cfg", "[weights]", "images...")
@detection_options
@benchmark_layers
def detect(benchmark_layers: bool, **choices: Any) -> None:
    """Find objects in IMAGES (files, folders, globs, .txt lists, addresses); without any, paths
    from stdin."""
    run_detect(DetectOptions(**choices), benchmark_layers)


@click.command()
@network_arguments("data|folder", "cfg", "[weights]", "images...")
@detection_options
@benchmark_layers
def test(benchmark_layers: bool, **choices: Any) -> None:
    """Find objects in IMAGES with the names of a .data file; without images, paths from stdin."""
    run_detect(DetectOptions(**choices), benchmark_layers)


def run_detect(options: DetectOptions, layers: bool = False) -> None:
    """layers: print the time of each as well."""
    from darknet_py.detect.command import run
    from darknet_py.distributed.list_share import expected_share
    from darknet_py.errors import DarknetError
    from darknet_py.images.moving_names import names_moving
    from darknet_py.images.web_addresses import is_image_address

    moving = [n for n in options.images if names_moving(n) and not is_image_address(n)]
    if moving and expected_share().world > 1:
        raise DarknetError(f"{moving[0]}: several processes cannot share a video; start one")
    still = tuple(name for name in options.images if name not in moving)
    if not moving:
        _say_unused(options)
    code = int(bool(run(replace(options, images=still)))) if still or not moving else 0
    if moving:
        from darknet_py.video.detect_command import run as run_moving

        code = max(code, run_moving(options, moving))
    if layers:
        _print_layers(options)
    if code:
        raise SystemExit(code)


def _say_unused(options: DetectOptions) -> None:
    """Of options that images alone leave without effect."""
    moving = flags_of(SourceOptions) | flags_of(OutputOptions) | flags_of(TrackOptions)
    for name, flag in moving.items():
        if getattr(options, name) != getattr(DetectOptions, name):
            spelling = (*flag.spellings, f"--{name}")[0]
            click.echo(f"{PROGRAM_NOTE}{spelling}: no effect: {VIDEO}", err=True)


def _print_layers(options: DetectOptions) -> None:
    """As `benchmark --layers`, once at the end; AlexeyAB's program prints it image by image."""
    from darknet_py.benchmark.command import print_layers
    from darknet_py.options.benchmarking import BenchmarkOptions

    print_layers(
        BenchmarkOptions(
            cfg=options.cfg,
            weights=options.weights,
            fork=options.fork,
            width=options.width,
            height=options.height,
            device=options.device,
            gpu=options.gpu,
            nogpu=options.nogpu,
            precision=(options.precision,),
            batch=(options.batch or 1,),
        )
    )
