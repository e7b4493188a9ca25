"""`segmenter test`, `isegmenter test` and `regressor test`."""

from __future__ import annotations

from typing import Any

import click

from darknet_py.cli.click_options import arguments, options_of
from darknet_py.options.inference import RegressOptions, SegmentOptions


@click.command("test")
@arguments("data", "cfg", "weights", "images...")
@options_of(SegmentOptions, "names")
def segmenter(**choices: Any) -> None:
    """Paint the classes of pixels over IMAGES: predictions.jpg; without any, paths from stdin.

    DATA may name the classes (names=).
    """
    _segment(SegmentOptions(**choices))


@click.command("test")
@arguments("data", "cfg", "weights", "images...")
@options_of(SegmentOptions, "names")
def isegmenter(**choices: Any) -> None:
    """Paint the objects in IMAGES one by one: predictions.jpg; without any, paths from stdin.

    DATA may name the classes (names=).
    """
    _segment(SegmentOptions(instances=True, **choices))


def _segment(options: SegmentOptions) -> None:
    from darknet_py.segment.command import predict

    _finish(predict(options))


@click.command("test")
@arguments("cfg", "weights", "images...")
@options_of(RegressOptions)
def regressor(**choices: Any) -> None:
    """Print the numbers CFG gives for IMAGES; without any, paths from stdin.

    As in Darknet no .data file is given here.
    """
    if any(word.endswith(".data") for word in (choices["cfg"], *choices["images"])):
        raise click.UsageError("takes no .data file, as in Darknet: CFG WEIGHTS IMAGE...")

    from darknet_py.classify.regress import predict_numbers

    _finish(predict_numbers(RegressOptions(**choices)))


def _finish(failures: int) -> None:
    if failures:
        raise SystemExit(1)
