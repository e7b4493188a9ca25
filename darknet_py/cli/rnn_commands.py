"""`rnn generate` and `rnn valid`."""

from __future__ import annotations

from typing import Any

import click

from darknet_py.cli.click_options import arguments, options_of
from darknet_py.options.inference import GenerateOptions, PerplexityOptions


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
