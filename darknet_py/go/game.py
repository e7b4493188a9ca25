"""A game of Go in which a network moves: its positions, its ko, how it is shown."""

from __future__ import annotations

from dataclasses import dataclass, field

from numpy.random import Generator

from darknet_py.data.go_moves import PASS
from darknet_py.go.board import Board
from darknet_py.go.board_text import drawn
from darknet_py.go.policy import Policy

KOMI = 6.5


@dataclass
class Game:
    """A game and the network that plays it.

    dots, candidates: how boards are drawn, see Fork.go. anonymous: it does not tell its name.
    komi: points white gets. history: all positions, the last one now. passed: the opponent has.
    """

    policy: Policy
    rng: Generator
    dots: bool
    candidates: int
    anonymous: bool = False
    komi: float = KOMI
    history: list[Board] = field(default_factory=lambda: [Board()])
    passed: bool = False

    @property
    def board(self) -> Board:
        return self.history[-1]

    @property
    def before(self) -> Board | None:
        """The position before the last move, which no move may bring back."""
        return self.history[-2] if len(self.history) > 1 else None

    def move(self, player: int, move: int) -> None:
        """A point, or PASS."""
        self.history.append(self.board if move == PASS else self.board.after(player, move))

    def clear(self) -> None:
        self.history, self.passed = [Board()], False

    def drawing(self) -> str:
        return drawn(self.board, self.dots)
