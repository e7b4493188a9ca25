"""Moves as a network for Go sees and answers them: planes, symmetries, random batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darknet_py.data.go_moves import PASS, POINTS, SIDE, Bytes, GoMoves
from darknet_py.errors import DarknetError
from darknet_py.network.graph import Graph

Floats = NDArray[np.float32]
SYMMETRIES = 8
CHANNELS = {1: "1 (own stones 1, others -1)", 3: "3 (own stones, others, who moves)"}
OUTPUTS = (POINTS, POINTS + 1, POINTS + 2)
"""Points; and a pass; and who wins."""


@dataclass(frozen=True)
class GoShape:
    """channels, outputs: those of a network for Go, of CHANNELS and OUTPUTS."""

    channels: int
    outputs: int

    @property
    def moves(self) -> int:
        """Answers that are moves: points, and a pass if the network knows it."""
        return min(self.outputs, POINTS + 1)

    @property
    def says_who_wins(self) -> bool:
        return self.outputs > POINTS + 1


def go_shape(graph: Graph) -> GoShape:
    """Raises DarknetError for a network that is not made for Go."""
    read, outputs = graph.net.input, graph.nodes[graph.last].out.size
    if (read.h, read.w) != (SIDE, SIDE) or read.c not in CHANNELS:
        message = f"reads {read}, a network for Go reads 19 x 19 points in channels"
        raise DarknetError(f"{graph.path}: {message}: {'; or '.join(CHANNELS.values())}")
    if outputs not in OUTPUTS:
        expected = "361 (points), 362 (and a pass) or 363 (and who wins)"
        raise DarknetError(f"{graph.path}: gives {outputs} values, expected {expected}")
    return GoShape(read.c, outputs)


def planes(own: Bytes, other: Bytes, black: NDArray[np.bool_] | None, channels: int) -> Floats:
    """Positions (N, 19, 19) as the network's input, (N, channels, 19, 19).

    black: (N,) whether black moves; None only where one channel needs no answer to that.
    """
    if channels == 1:
        return (own.astype(np.float32) - other)[:, None]
    assert black is not None
    side = np.broadcast_to(black[:, None, None], own.shape)
    return np.stack([own, other, side], axis=1).astype(np.float32)


def turned(boards: NDArray[Any], symmetry: int) -> NDArray[Any]:
    """Boards (..., 19, 19) as one of 8 symmetries shows them; 0 leaves them."""
    rotated = np.rot90(boards, symmetry % 4, axes=(-2, -1))
    return np.flip(rotated, axis=-1) if symmetry >= 4 else rotated


def turned_back(boards: NDArray[Any], symmetry: int) -> NDArray[Any]:
    """The reverse of `turned`."""
    straight = np.flip(boards, axis=-1) if symmetry >= 4 else boards
    return np.rot90(straight, -(symmetry % 4), axes=(-2, -1))


@dataclass(frozen=True)
class GoSet:
    """Moves drawn at random, each seen by a symmetry at random. images: of an update."""

    moves: GoMoves
    shape: GoShape
    images: int
    seed: int

    @staticmethod
    def of(moves: GoMoves, shape: GoShape, images: int, seed: int) -> GoSet:
        """Raises DarknetError where the network asks for what the file does not say."""
        asked = shape.channels > 1 or shape.says_who_wins
        if asked and not moves.names_players:
            message = "its rows do not say who moves and who wins, which this network needs"
            raise DarknetError(f"{moves.path}: {message}; --fork pjreddie reads rows that do")
        return GoSet(moves, shape, images, seed)

    def batch(self, number: int, rank: int = 0, world: int = 1) -> tuple[Floats, Floats]:
        """What update `number`, counted from 1, learns from: (images, channels, 19, 19) inputs and
        (images, outputs) targets, of one of `world` processes.

        A pure function of its arguments: any batch can be asked for at once.
        """
        rng = np.random.default_rng((self.seed, number))
        count = self.images * world
        mine = slice(rank * self.images, (rank + 1) * self.images)
        chosen = rng.integers(len(self.moves.usable), size=count)[mine]
        symmetries = rng.integers(SYMMETRIES, size=count)[mine]
        positions = self.moves.positions(chosen)
        self._free(positions.own, positions.other, positions.moves)
        x = planes(positions.own, positions.other, positions.black, self.shape.channels)
        answers = self._answers(positions.moves, positions.wins)
        for symmetry in range(SYMMETRIES):
            rows = np.flatnonzero(symmetries == symmetry)
            x[rows] = turned(x[rows], symmetry)
            boards = answers[rows, :POINTS].reshape(-1, SIDE, SIDE)
            answers[rows, :POINTS] = turned(boards, symmetry).reshape(-1, POINTS)
        return x, answers

    def _free(self, own: Bytes, other: Bytes, moves: NDArray[np.int64]) -> None:
        """Nothing stands where the move goes, whatever the file says."""
        rows = np.flatnonzero(moves != PASS)
        for stones in (own, other):
            stones.reshape(-1, POINTS)[rows, moves[rows]] = 0

    def _answers(self, moves: NDArray[np.int64], wins: NDArray[np.bool_] | None) -> Floats:
        answers = np.zeros((len(moves), self.shape.outputs), np.float32)
        answers[np.arange(len(moves)), moves] = 1
        if self.shape.says_who_wins:
            assert wins is not None
            answers[:, -1] = wins
        return answers
