"""Two networks play Go against each other; the moves are what others learn from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from darknet_py.data.go_moves import PASS, SIDE, packed
from darknet_py.go.board import BLACK, WHITE, Board, result
from darknet_py.go.choose import choose
from darknet_py.go.game import KOMI
from darknet_py.go.policy import Policy

MOST_MOVES = 300
"""A game that is longer ends there."""


class Move(NamedTuple):
    """before: the position it was made in."""

    player: int
    point: int
    before: Board


@dataclass(frozen=True)
class PlayedGame:
    """moves: without the pass that ended it."""

    moves: tuple[Move, ...]
    board: Board

    @property
    def winner(self) -> int:
        """White also where nobody is ahead, as in Darknet."""
        return BLACK if self.board.points_ahead > KOMI else WHITE

    @property
    def result(self) -> str:
        return result(self.board, KOMI)

    def rows(self, names_players: bool) -> bytes:
        """As rows of a file of moves: those of the winner, as in AlexeyAB's program; all of them
        where rows say who moves and who wins."""
        chosen = [move for move in self.moves if names_players or move.player == self.winner]
        return b"".join(_row(move, self.winner, names_players) for move in chosen)


def play(players: dict[int, Policy], rng: Generator) -> PlayedGame:
    """A game up to the first pass. players: the networks that play black and white."""
    moves: list[Move] = []
    board, before, player = Board(), None, BLACK
    while len(moves) < MOST_MOVES:
        opinion = players[player].opinion(board, player)
        point = choose(opinion, board, player, before, rng).move
        if point == PASS:
            break
        moves.append(Move(player, point, board))
        board, before, player = board.after(player, point), board, -player
    return PlayedGame(tuple(moves), board)


@dataclass
class Match:
    """Games won by the first and by the second network, which take turns at black."""

    first: int = 0
    second: int = 0

    @property
    def total(self) -> int:
        return self.first + self.second

    @property
    def line(self) -> str:
        """As both programs print it."""
        shares = f"Player 1: {self.first / self.total:f}, Player 2: {self.second / self.total:f}"
        return f"Total: {self.total}, {shares}"

    def games(self, one: Policy, two: Policy, rng: Generator) -> Iterator[PlayedGame]:
        """Games for ever, counted as they end."""
        while True:
            first = BLACK if self.total % 2 == 0 else WHITE
            game = play({first: one, -first: two}, rng)
            if game.winner == first:
                self.first += 1
            else:
                self.second += 1
            yield game


def _row(move: Move, winner: int, names_players: bool) -> bytes:
    stones = np.array(move.before.stones, np.int8).reshape(1, SIDE, SIDE)
    own, other = ((stones == kind).astype(np.uint8) for kind in (move.player, -move.player))
    said = b"".join(b"1" if one == BLACK else b"0" for one in (move.player, winner))
    point = bytes(divmod(move.point, SIDE))
    return (said if names_players else b"") + point + packed(own, other).tobytes() + b"\n"
