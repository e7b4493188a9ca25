"""A network advises two players at a terminal, as Darknet's `go test`: lines that say moves."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from darknet_py.data.go_moves import PASS
from darknet_py.go.board import BLACK, FREE, WHITE, Board
from darknet_py.go.board_text import column_of, drawn, point_of, row_of
from darknet_py.go.choose import top
from darknet_py.go.policy import Opinion

EDIT = re.compile(r"([bwc])\s*([A-Z]\s*[0-9]+)")
PICK = re.compile(r"[+-]?[0-9]{1,9}")
KINDS = {"b": BLACK, "w": WHITE, "c": FREE}
HELP = "expected a number of the list, a point such as D4, p, b D4, w D4 or c D4"


class NotUnderstood(Exception):
    """A line is no move; the text says why."""


@dataclass
class Advice:
    """The game so far. candidates: how many moves are shown. before: the position before the last
    move (ko). best: the moves shown last."""

    candidates: int
    board: Board = field(default_factory=Board)
    player: int = BLACK
    before: Board | None = None
    best: list[int] = field(default_factory=list)

    def lines(self, opinion: Opinion) -> list[str]:
        """The best moves in words, as both programs print them, and who wins if that is known."""
        self.best = top(opinion.moves, self.candidates)
        said = [] if opinion.wins is None else [f"{(opinion.wins + 1) / 2 * 100:.2f}% Win Chance"]
        ranked = enumerate(self.best, start=1)
        shares = 100 * opinion.moves
        return said + [f"{number}: {_words(move)}, {shares[move]:.2f}%" for number, move in ranked]

    def drawing(self, dots: bool) -> str:
        return drawn(self.board, dots, self.best)

    @property
    def prompt(self) -> str:
        return f"{'X' if self.player == BLACK else 'O'} Enter move: "

    def take(self, line: str) -> None:
        """Do what a line says; it is the other player's turn then, whatever it was.

        An empty line is the best move. What Darknet would write beside its board or over another
        stone raises NotUnderstood, and the turn stays; so does what it takes for nothing.
        """
        board = self._after(line.strip())
        self.before, self.board = self.board, board
        self.player = -self.player

    def _after(self, words: str) -> Board:
        if words.startswith("p"):
            return self.board
        edit = EDIT.match(words)
        if edit is not None:
            return self.board.put(_point(edit[2]), KINDS[edit[1]])
        if words and not PICK.match(words):
            return self._moved(_point(words))
        return self._picked(int(words and PICK.match(words)[0] or 1))  # type: ignore[index]

    def _picked(self, number: int) -> Board:
        if not 1 <= number <= len(self.best):
            raise NotUnderstood(f"{number} is none of the {len(self.best)} moves of the list")
        move = self.best[number - 1]
        return self.board if move == PASS else self._moved(move)

    def _moved(self, point: int) -> Board:
        """AlexeyAB's program leaves captured stones on the board; pjreddie's, as here, does not."""
        if not self.board.legal(self.player, point, self.before):
            raise NotUnderstood("illegal move")
        return self.board.after(self.player, point)


def _point(words: str) -> int:
    point = point_of(words)
    if point is None:
        raise NotUnderstood(HELP)
    return point


def _words(move: int) -> str:
    return "Pass" if move == PASS else f"{column_of(move)} {row_of(move)}"
