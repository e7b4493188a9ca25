"""`detect` and `detector test`."""

from __future__ import annotations

from typing import Any

import click

from darknet_py.cli.click_options import arguments, options_of
from darknet_py.options.inference import DetectOptions
from darknet_py.options.model import ForkOptions, LogOptions, RunOptions, SizeOptions

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
@arguments("cfg", "[weights]", "images...")
@detection_options
@benchmark_layers
def detect(benchmark_layers: bool, **choices: Any) -> None:
    """Find objects in IMAGES (files, folders, globs, .txt lists); without any, paths from stdin."""
    run_detect(DetectOptions(**choices), benchmark_layers)


@click.command()
@arguments("data", "cfg", "[weights]", "images...")
@detection_options
@benchmark_layers
def test(benchmark_layers: bool, **choices: Any) -> None:
    """Find objects in IMAGES with the names of a .data file; without images, paths from stdin."""
    run_detect(DetectOptions(**choices), benchmark_layers)


def run_detect(options: DetectOptions, layers: bool = False) -> None:
    """layers: print the time of each as well."""
    from darknet_py.detect.command import run

    failures = run(options)
    if layers:
        _print_layers(options)
    if failures:
        raise SystemExit(1)


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
