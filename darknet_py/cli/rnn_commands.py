"""The `rnn` words but `train`."""

from __future__ import annotations

from typing import Any

import click

from darknet_py.cli.click_options import arguments, options_of
from darknet_py.options.inference import (
    GenerateOptions,
    PerplexityOptions,
    TacticOptions,
    TextOptions,
)


@click.command()
@arguments("cfg", "[weights]")
@options_of(GenerateOptions, "seed")
def generate(**choices: Any) -> None:
    """Write a text that the recurrent network CFG with WEIGHTS makes up."""
    from darknet_py.rnn.command import generate as make

    make(GenerateOptions(**choices))


@click.command()
@arguments("cfg", "[weights]")
@options_of(PerplexityOptions, "seed")
def valid(**choices: Any) -> None:
    """Print how well the recurrent network predicts a text: perplexity after each symbol."""
    from darknet_py.rnn.command import valid as measure

    measure(PerplexityOptions(**choices))


@click.command("generatetactic")
@arguments("cfg", "[weights]")
@options_of(TacticOptions)
def generate_tactic(**choices: Any) -> None:
    """Read standard input, and write what the recurrent network makes up after it.

    It ends at a full stop with a line end behind it, or after -len symbols.
    """
    from darknet_py.rnn.command import generate_tactic as make

    make(TacticOptions(**choices))


@click.command("validtactic")
@arguments("cfg", "[weights]")
@options_of(PerplexityOptions, "seed")
def valid_tactic(**choices: Any) -> None:
    """Like valid, of the parts of a text between >> and a full stop that ends its line."""
    from darknet_py.rnn.command import valid_tactic as measure

    measure(PerplexityOptions(**choices))


@click.command()
@arguments("cfg", "[weights]")
@options_of(TextOptions, "seed")
def vec(**choices: Any) -> None:
    """Print each line of standard input with the values of the first layer after it.

    Blanks are dropped from the line, and one is read behind it, as in Darknet.
    """
    from darknet_py.rnn.command import vectors

    vectors(TextOptions(**choices))
