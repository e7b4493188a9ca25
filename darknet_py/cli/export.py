"""`export`."""

from __future__ import annotations

from typing import Any

import click

from darknet_py.cli import options
from darknet_py.exporttable import FORMATS, FORMS


@click.command()
@click.argument("cfg")
@click.argument("weights")
@click.argument("images", nargs=-1)
@click.option(
    "--format",
    "format",
    type=click.Choice(list(FORMATS)),
    default="onnx",
    show_default=True,
    help="What to write.",
)
@click.option("-o", "--out", metavar="FILE", help="Its name (default: the cfg's, in this folder).")
@click.option(
    "--form",
    type=click.Choice(list(FORMS)),
    default="heads",
    show_default=True,
    help="; ".join(f"{word}: {meaning}" for word, meaning in FORMS.items()) + ".",
)
@click.option(
    "--dynamic", default="", metavar="batch,size", help="Leave the batch, the size or both open."
)
@click.option(
    "--batch", type=click.IntRange(1), default=1, show_default=True, help="Images at once."
)
@options.width
@options.height
@options.fork
@click.option("--names", metavar="FILE", help="Class names, one a line, kept inside the file.")
@click.option(
    "--thresh", type=float, default=0.25, show_default=True, help="Least score (nms, --verify)."
)
@click.option(
    "--nms",
    type=float,
    default=0.45,
    show_default=True,
    help="Overlap over which the weaker box goes (nms, --verify).",
)
@click.option(
    "--verify", is_flag=True, help="Run the file in its runtimes and compare; exit code 1 if not."
)
@click.pass_context
def export(ctx: click.Context, /, **choices: Any) -> None:
    """Write the network of CFG and WEIGHTS as a file for other programs.

    IMAGES, or --verify without any, have the written file run on pictures.
    """
    from darknet_py.export.command import Job, run

    ctx.exit(0 if run(Job(**choices)) else 1)
