"""Which move a network makes: one of its best, drawn as often as it is likely, and legal."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from darknet_py.data.go_moves import PASS, POINTS
from darknet_py.go.board import FREE, Board
from darknet_py.go.policy import Opinion

TEMPERATURE = 0.7
"""Of the network while it plays."""
LEAST = 0.1
"""Likelier moves are drawn among; where none is, the best are."""
KEPT = 5


class Choice(NamedTuple):
    """move: a point, PASS for a pass. likely: what was drawn from, 0 for all other moves."""

    move: int
    likely: NDArray[np.float64]


def choose(
    opinion: Opinion, board: Board, player: int, before: Board | None, rng: Generator
) -> Choice:
    """The player's move on the board. before: the position before the last move (ko).

    As AlexeyAB's program plays, of whose network a pass is no answer: it passes where its best move
    would be suicide. There is no search behind a move.
    """
    moves = opinion.moves.copy()
    for point in np.flatnonzero(moves[:POINTS]):
        if board.stones[point] != FREE or board.after(player, int(point)) == before:
            moves[point] = 0
    best = int(moves.argmax())
    limit = LEAST if moves[best] >= LEAST else moves[top(moves, KEPT)[-1]]
    likely = np.where(moves < limit, 0, moves)
    if best == PASS or not likely.any() or board.suicide(player, best):
        return Choice(PASS, likely)
    drawn = _drawn(likely, rng)
    # Of two moves drawn from, a suicide gives way to the best.
    unfit = drawn == PASS or board.suicide(player, drawn)
    return Choice(best if unfit else drawn, likely)


def _drawn(likely: NDArray[np.float64], rng: Generator) -> int:
    sums = np.cumsum(likely)
    # In (0, 1]: what has probability 0 can never be met.
    return int(np.searchsorted(sums, (1 - rng.random()) * sums[-1]))


def top(values: NDArray[np.float64], count: int) -> list[int]:
    """The indices of the largest values, the largest first."""
    return [int(index) for index in np.argsort(-values, kind="stable")[:count]]
