"""`export`."""

from __future__ import annotations

from typing import Any

import click

from darknet_py.cli.click_options import arguments, options_of
from darknet_py.options.common import ForkOptions, SizeOptions
from darknet_py.options.exporting import ExportOptions


@click.command()
@arguments("cfg", "weights", "images...")
@options_of(ExportOptions, *("format", "out", "form", "dynamic", "batch"), SizeOptions, ForkOptions)
@click.pass_context
def export(ctx: click.Context, /, **choices: Any) -> None:
    """Write the network of CFG and WEIGHTS as a file for other programs.

    IMAGES, or --verify without any, have the written file run on images.
    """
    from darknet_py.export.command import run

    ctx.exit(0 if run(ExportOptions(**choices)) else 1)
