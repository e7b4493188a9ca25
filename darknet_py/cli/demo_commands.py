"""The commands called `demo`: networks on videos, cameras and streams."""

from __future__ import annotations

from typing import Any

import click

from darknet_py.cli.click_options import options_of
from darknet_py.cli.network_arguments import network_arguments
from darknet_py.options.demo import (
    CameraOptions,
    ClassifierDemoOptions,
    CocoDemoOptions,
    DemoOptions,
    ShowOptions,
    YoloDemoOptions,
)
from darknet_py.options.video import FrameOutputOptions, OutputOptions

SHOWN_FIRST = (
    *("thresh", "hier", "letter_box", "ext_output"),
    *(CameraOptions, ShowOptions, "dontdraw_bbox", OutputOptions),
)


@click.command("demo")
@network_arguments("data", "cfg", "[weights]", "[source]")
@options_of(DemoOptions, *SHOWN_FIRST)
def detector_demo(**choices: Any) -> None:
    """Find objects in SOURCE: a video, an address, - for a pipe; without one, in camera -c."""
    _run(DemoOptions(**choices))


def _yolo(record: type[YoloDemoOptions], classes: str) -> click.Command:
    text = f"Find objects of {classes} classes in SOURCE, as `detector demo`."

    @click.command("demo", help=text)
    @network_arguments("cfg", "[weights]", "[source]")
    @options_of(record, *SHOWN_FIRST)
    def command(**choices: Any) -> None:
        _run(record(**choices))

    return command


def _run(options: DemoOptions) -> None:
    from darknet_py.video.command import run

    _finish(run(options))


def _finish(code: int) -> None:
    if code:
        raise SystemExit(code)


yolo_demo = _yolo(YoloDemoOptions, "VOC's 20")
coco_demo = _yolo(CocoDemoOptions, "COCO's 80")


@click.command("demo")
@network_arguments("data", "cfg", "[weights]", "[source]")
@options_of(ClassifierDemoOptions, "top", CameraOptions, ShowOptions, FrameOutputOptions)
def classifier_demo(**choices: Any) -> None:
    """Say what SOURCE shows: a video, an address, - for a pipe; without one, camera -c."""
    from darknet_py.video.classifier_demo import run

    _finish(run(ClassifierDemoOptions(**choices)))
