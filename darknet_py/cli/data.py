"""`data shapes` and `data sheet`."""

from __future__ import annotations

from typing import Any

import click

from darknet_py.cli import options


@click.command()
@click.argument("out")
@click.option("--images", type=click.IntRange(1), required=True, help="How many pictures.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--width", type=click.IntRange(32), default=416, show_default=True)
@click.option("--height", type=click.IntRange(32), default=416, show_default=True)
@click.option(
    "--smallest",
    type=click.FloatRange(4),
    default=18,
    show_default=True,
    help="Least radius of a shape in pixels.",
)
@click.option(
    "--visible",
    type=click.FloatRange(0, 1),
    default=0.75,
    show_default=True,
    help="Least part of a shape that those over it leave to be seen.",
)
@click.option(
    "--valid_every",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="Every so manieth picture is for validation; 1: all.",
)
def shapes(
    out: str,
    images: int,
    seed: int,
    width: int,
    height: int,
    smallest: float,
    visible: float,
    valid_every: int,
) -> None:
    """Draw a labelled data set of eight shapes into the folder OUT."""
    from darknet_py.data.shape_set import write_dataset

    data = write_dataset(
        out,
        images,
        seed,
        width,
        height,
        smallest=smallest,
        visible=visible,
        valid_every=valid_every,
    )
    click.echo(f"{data}: {images} pictures")


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
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="That of the training."
)
@options.fork
@options.width
@options.height
def sheet(**choices: Any) -> None:
    """Draw the samples that training CFG on DATA sees on a page, with boxes and names."""
    from darknet_py.data.sheet import SheetJob, write_sheet

    click.echo(write_sheet(SheetJob(**choices)))
