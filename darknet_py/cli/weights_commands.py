"""Darknet's tools on weights files: average, reset, rgbgr, statistics ..."""

from __future__ import annotations

from collections.abc import Callable

import click

from darknet_py.cli.click_options import PATH, arguments, as_json, options_of
from darknet_py.options.model import ForkOptions


def _edit(word: str, help: str) -> Callable[..., None]:
    """The command of a tool that makes one weights file of another."""

    @click.command(word, help=help)
    @arguments("cfg", "weights", "out")
    @options_of(ForkOptions)
    def command(cfg: str, weights: str, out: str, fork: str) -> None:
        from darknet_py.weight_tools.command import edit_file

        edit_file(word, cfg, weights, out, fork)

    return command


reset = _edit("reset", "Write WEIGHTS to OUT with batch normalisation moved into the weights.")
normalize = _edit(
    "normalize",
    "Write WEIGHTS to OUT with batch normalisation added where layers of CFG have none.",
)
denormalize = _edit(
    "denormalize",
    "Write WEIGHTS to OUT for CFG with batch_normalize=0: batch normalisation is folded in.",
)
rgbgr = _edit("rgbgr", "Write WEIGHTS to OUT for images whose red and blue are swapped.")
rescale = _edit(
    "rescale", "Write WEIGHTS, trained on values of -1 to 1, to OUT for values of 0 to 1."
)


@click.command()
@arguments("cfg", "out")
@click.argument("weights", nargs=-1, required=True, type=PATH)
@options_of(ForkOptions)
def average(cfg: str, out: str, weights: tuple[str, ...], fork: str) -> None:
    """Write the mean of several WEIGHTS of CFG to OUT."""
    from darknet_py.weight_tools.command import average_files

    average_files(cfg, out, weights, fork)


@click.command()
@arguments("cfg", "weights", "out")
@options_of(ForkOptions)
def oneoff(cfg: str, weights: str, out: str, fork: str) -> None:
    """Write the start of a YOLO9000 detector CFG to OUT, from a classifier's WEIGHTS."""
    from darknet_py.weight_tools.command import transplant_classes

    transplant_classes(cfg, weights, out, fork)


@click.command()
@arguments("cfg", "weights", "out")
@click.argument("start", metavar="L", type=int)
@options_of(ForkOptions)
def oneoff2(cfg: str, weights: str, out: str, start: int, fork: str) -> None:
    """Write WEIGHTS to OUT twice: from the first layer of CFG on, and from layer L on."""
    from darknet_py.weight_tools.command import transplant_layers

    transplant_layers(cfg, weights, out, start, fork)


@click.command()
@arguments("cfg", "weights")
@options_of(ForkOptions)
def statistics(cfg: str, weights: str, fork: str) -> None:
    """Print mean and variance of the matrices with batch normalisation."""
    from darknet_py.weight_tools.command import print_statistics

    print_statistics(cfg, weights, fork)


@click.command("print")
@arguments("cfg", "weights")
@click.argument("layer", metavar="N", type=int)
@options_of(ForkOptions)
def print_weights(cfg: str, weights: str, layer: int, fork: str) -> None:
    """Print the weights of layer N (from 0), a line for each filter."""
    from darknet_py.weight_tools.command import print_layer

    print_layer(cfg, weights, layer, fork)


@click.command()
@click.argument("folder", required=False, type=PATH)
@as_json
@click.option("--page", type=PATH, metavar="FILE.html", help="Write the table as a page.")
def cfglayers(folder: str | None, as_json: bool, page: str | None) -> None:
    """Count the sections of every kind in the cfg files below FOLDER (default: cfg or ../cfg)."""
    from darknet_py.network.section_counts import count_sections

    counts = count_sections(folder)
    for line in counts.unreadable:
        click.echo(f"warning: {line}", err=True)
    if page:
        counts.save_page(page)
    click.echo(counts.to_json() if as_json else counts.text())
