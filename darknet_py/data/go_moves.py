"""Files of moves in games of Go, as `go train`, `go valid` and `go self` of Darknet keep them.

A row is a move, the position before it in 91 bytes, four points a byte of two bits each (a stone of
who moves, a stone of the other), and a line end. The move is its row and column from the top left.
pjreddie's program has who moves and who wins before it, 1 for black and 0 for white.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from darknet_py.errors import CANNOT_OPEN, DataError, Location, open_failure

SIDE, POINTS = 19, 361
PACKED = 91
PASS = POINTS
"""What a pass is as a move."""
LOOKED_AT = 1 << 16
"""Rows that are checked at once."""
Bytes = NDArray[np.uint8]


class Positions(NamedTuple):
    """Moves with the positions before them.

    own, other: (N, 19, 19) 1 for stones of who moves, and of the other. black: (N,) whether black
    moves, None where the file does not say. wins: (N,) whether who moves wins, None likewise.
    moves: (N,) points, PASS for a pass.
    """

    own: Bytes
    other: Bytes
    black: NDArray[np.bool_] | None
    wins: NDArray[np.bool_] | None
    moves: NDArray[np.int64]


@dataclass(frozen=True)
class GoMoves:
    """A file of moves, which stays on the disk.

    rows: (N, bytes of a row). names_players: rows begin with who moves and who wins. usable: the
    numbers of rows that hold a move. warning: of the others, empty for none.
    """

    path: str
    rows: Bytes
    names_players: bool
    usable: NDArray[np.int64]
    warning: str = ""

    def positions(self, numbers: NDArray[np.int64]) -> Positions:
        """The numbers count usable rows from 0."""
        rows = np.asarray(self.rows[self.usable[numbers]])
        own, other = unpacked(rows[:, -1 - PACKED : -1])
        black, wins = None, None
        if self.names_players:
            black, wins = rows[:, 0] > ord("0"), rows[:, 0] == rows[:, 1]
        return Positions(own, other, black, wins, _moves(rows, self.names_players))


def row_bytes(names_players: bool) -> int:
    return (2 if names_players else 0) + 2 + PACKED + 1


def read_moves(
    path: str | os.PathLike[str], *, names_players: bool, passes: bool = True
) -> GoMoves:
    """The moves of a file; raises DataError for one without any.

    passes: a pass is a move; otherwise such rows are left out as those are that hold none.
    """
    where, size = Location(os.fspath(path)), row_bytes(names_players)
    data = _mapped(Path(path), where)
    count, over = divmod(len(data), size)
    if not count or (over and len(data) % row_bytes(not names_players) == 0):
        message = f"has {len(data)} bytes, expected rows of {size}{_hint(data, names_players)}"
        raise DataError(message, where)
    rows = data[: count * size].reshape(count, size)
    good = np.concatenate(list(_good(rows, names_players, passes)))
    usable = np.flatnonzero(good)
    if not len(usable):
        raise DataError(f"none of {count} rows of {size} bytes holds a move", where)
    return GoMoves(str(path), rows, names_players, usable, _warning(where, good, over))


def _hint(data: Bytes, names_players: bool) -> str:
    other = row_bytes(not names_players)
    fits = len(data) and len(data) % other == 0
    return f"; of {other} bytes a row, the other --fork reads it" if fits else ""


def _warning(where: Location, good: NDArray[np.bool_], over: int) -> str:
    parts = []
    if not good.all():
        bad, first = np.count_nonzero(~good), int(np.argmin(good)) + 1
        parts.append(f"{bad} of {len(good)} rows hold no move, the first: {first}")
    if over:
        parts.append(f"{over} bytes behind the last row")
    return f"{where}: left out: {'; '.join(parts)}" if parts else ""


def _mapped(path: Path, where: Location) -> Bytes:
    """The bytes of a file, read when they are needed."""
    try:
        if not path.is_file():
            # A device or a pipe has no end that is known.
            message = "is no file" if path.exists() else "no such file; name the moves with -file"
            raise DataError(message, where)
        if not path.stat().st_size:
            return np.empty(0, np.uint8)
        return np.memmap(path, np.uint8, mode="r")
    except CANNOT_OPEN as error:
        raise DataError(f"cannot be read: {open_failure(error)}", where) from None


def _good(rows: Bytes, names_players: bool, passes: bool) -> Iterator[NDArray[np.bool_]]:
    for start in range(0, len(rows), LOOKED_AT):
        moves = _moves(np.asarray(rows[start : start + LOOKED_AT]), names_players)
        yield (moves >= 0) & ((moves < POINTS) | passes)


def _moves(rows: Bytes, names_players: bool) -> NDArray[np.int64]:
    """-1 for none. A row that names players is a pass where it points outside of the board."""
    start = 2 if names_players else 0
    row, column = rows[:, start].astype(np.int64), rows[:, start + 1].astype(np.int64)
    inside = (row < SIDE) & (column < SIDE)
    return np.where(inside, row * SIDE + column, PASS if names_players else -1)


def unpacked(packed: Bytes) -> tuple[Bytes, Bytes]:
    """(N, 91) bytes as stones of who moves and of the other, (N, 19, 19) each."""
    bits = np.unpackbits(np.ascontiguousarray(packed), axis=1, bitorder="little")
    own, other = bits[:, 0 : 2 * POINTS : 2], bits[:, 1 : 2 * POINTS : 2]
    shape = (-1, SIDE, SIDE)
    return own.reshape(shape), np.bitwise_and(other, own ^ 1).reshape(shape)


def packed(own: Bytes, other: Bytes) -> Bytes:
    """The reverse of `unpacked`."""
    bits = np.zeros((len(own), 8 * PACKED), np.uint8)
    bits[:, 0 : 2 * POINTS : 2] = own.reshape(-1, POINTS)
    bits[:, 1 : 2 * POINTS : 2] = other.reshape(-1, POINTS)
    return np.packbits(bits, axis=1, bitorder="little")
