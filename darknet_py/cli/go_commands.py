"""The `go` words but `train`."""

from __future__ import annotations

from typing import Any

import click

from darknet_py.cli.click_options import arguments, options_of
from darknet_py.options.go import GoEngineOptions, GoSelfOptions, GoTestOptions, GoValidOptions


@click.command()
@arguments("cfg", "[weights]", "[moves]")
@options_of(GoValidOptions, "data")
def valid(moves: str | None, **choices: Any) -> None:
    """Print how often the network's best move is the one of a file: MOVES, as -file FILE."""
    from darknet_py.go.command import valid as measure

    if moves is not None:
        choices["data"] = moves
    measure(GoValidOptions(**choices))


@click.command()
@arguments("cfg", "[weights]")
@options_of(GoTestOptions)
def test(**choices: Any) -> None:
    """Show a board and the network's best moves; read the next move from standard input.

    A line is a number of the list, a point such as D4, p for a pass, or changes the board: b D4 and
    w D4 put a stone, c D4 takes one away. An empty line is the best move.
    """
    from darknet_py.go.command import test as advise

    advise(GoTestOptions(**choices))


@click.command()
@arguments("cfg", "[weights]")
@options_of(GoEngineOptions)
def engine(**choices: Any) -> None:
    """Play by the Go Text Protocol on standard input and output, for programs that show a board.

    A move is drawn among the network's best legal ones; nothing is searched.
    """
    from darknet_py.go.command import engine as answer

    answer(GoEngineOptions(**choices))


@click.command("self")
@arguments("cfg", "[weights]", "[cfg2]", "[weights2]")
@options_of(GoSelfOptions, "games")
def play_itself(**choices: Any) -> None:
    """Let two networks play; their moves go to standard output as rows that `go train` reads.

    All stones on the board at the end count as alive, with 6.5 points for white.
    """
    from darknet_py.go.command import play_itself as play

    play(GoSelfOptions(**choices))
