"""Boards and points as both C programs write them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from darknet_py.data.go_moves import PASS, SIDE
from darknet_py.go.board import BLACK, FREE, WHITE, Board

COLUMNS = "ABCDEFGHJKLMNOPQRST"
"""Without I, as everywhere in Go."""
STONES = {BLACK: " X", WHITE: " O"}
POINT = re.compile(r"([A-Ta-t])\s*([0-9]{1,2})")


def column_of(point: int) -> str:
    return COLUMNS[point % SIDE]


def row_of(point: int) -> int:
    """Counted from 1 at the bottom."""
    return SIDE - point // SIDE


def name_of(point: int) -> str:
    """Such as D4."""
    return f"{column_of(point)}{row_of(point)}"


def point_of(text: str) -> int | None:
    """The point of a name such as D4 or d4; None for what is none."""
    match = POINT.fullmatch(text)
    if match is None or match[1].upper() not in COLUMNS or not 1 <= int(match[2]) <= SIDE:
        return None
    return (SIDE - int(match[2])) * SIDE + COLUMNS.index(match[1].upper())


def drawn(board: Board, dots: bool, best: Sequence[int] = ()) -> str:
    """The board in lines, black as X; the points of the moves `best` as 1, 2, 3 ...

    dots: free points are dots; otherwise blanks, and two empty lines come first.
    """
    free = " ." if dots else "  "
    cells = [STONES.get(stone, free) for stone in board.stones]
    for number, move in enumerate(best, start=1):
        if move != PASS:
            cells[move] = f" {number}"
    rows = [cells[start : start + SIDE] for start in range(0, len(cells), SIDE)]
    title = "   " + "".join(f"{letter} " for letter in COLUMNS)
    lines = [title, *(f"{SIDE - number:2d}{''.join(row)}" for number, row in enumerate(rows))]
    return ("" if dots else "\n\n") + "".join(f"{line}\n" for line in lines)


def stones_of(board: Board, kind: int) -> list[int]:
    """The points where such stones stand, in order."""
    return [point for point, stone in enumerate(board.stones) if stone == kind != FREE]
