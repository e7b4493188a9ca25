"""`rnn generate` and `rnn valid`."""

from __future__ import annotations

from typing import Any

import click

from darknet_py.cli import options

seed = click.option(
    "--seed",
    default="\n\n",
    metavar="TEXT",
    help="What the network reads first (default: two line ends).",
)


@click.command()
@click.argument("cfg")
@click.argument("weights")
@seed
@click.option(
    "--len",
    "length",
    type=click.IntRange(0),
    default=1000,
    show_default=True,
    help="Symbols to make.",
)
@click.option(
    "--temp",
    type=float,
    default=0.7,
    show_default=True,
    help="Temperature: below 1 the likely gets likelier.",
)
@click.option(
    "--srand", type=click.IntRange(0), metavar="N", help="Makes the text repeatable (default: any)."
)
@click.option("--tokens", metavar="FILE", help="Words of a tokenized network, one a line.")
@options.fork
@options.where
def generate(**choices: Any) -> None:
    """Write a text that the recurrent network CFG with WEIGHTS makes up."""
    from darknet_py.text.command import Job
    from darknet_py.text.command import generate as make

    make(Job(**choices))


@click.command()
@click.argument("cfg")
@click.argument("weights")
@seed
@click.option("--file", metavar="FILE", help="The text (default: standard input, as in Darknet).")
@options.fork
@options.where
def valid(**choices: Any) -> None:
    """Print how well the recurrent network foresees a text: perplexity after each symbol."""
    from darknet_py.text.command import Job
    from darknet_py.text.command import valid as measure

    measure(Job(**choices))
