"""`data sheet` and `data shapes`."""

from __future__ import annotations

from typing import Any

import click

from darknet_py.cli import options

SIDE = click.IntRange(1, 8192)


@click.command()
@click.argument("data")
@click.argument("cfg")
@click.argument("out", metavar="OUT.jpg")
@click.option(
    "--images", type=click.IntRange(1, 400), default=16, show_default=True, help="How many samples."
)
@click.option(
    "--first", type=click.IntRange(0), default=0, show_default=True, help="Number of the first one."
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the training."
)
@options.fork
@options.width
@options.height
def sheet(**choices: Any) -> None:
    """Draw the samples that training CFG on DATA sees on a page, with boxes and names."""
    from darknet_py.data.sheet import SheetJob, write_sheet

    click.echo(write_sheet(SheetJob(**choices)))


@click.command()
@click.argument("out", metavar="FOLDER")
@click.option(
    "--images", type=click.IntRange(1), default=1000, show_default=True, help="How many pictures."
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Same seed, same pictures."
)
@click.option("--width", type=SIDE, default=416, show_default=True, help="In pixels.")
@click.option("--height", type=SIDE, default=416, show_default=True, help="In pixels.")
@click.option(
    "--smallest",
    type=click.FloatRange(1),
    default=18.0,
    show_default=True,
    help="Least radius of a shape.",
)
@click.option(
    "--valid_every",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="Every so manieth picture is for validation, 1: all.",
)
def shapes(out: str, images: int, seed: int, width: int, height: int, **choices: Any) -> None:
    """Draw pictures of shapes with label files into FOLDER, and FOLDER/shapes.data for training."""
    from darknet_py.data.shape_set import write_dataset
    from darknet_py.progress import follow

    data = write_dataset(out, images, seed, width, height, progress=follow, **choices)
    click.echo(f"{data}: {images} pictures")
