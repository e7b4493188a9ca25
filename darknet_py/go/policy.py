"""What a network thinks of a position: how likely each move is, and who wins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from darknet_py.data.go_moves import POINTS, SIDE
from darknet_py.data.go_samples import SYMMETRIES, Floats, go_shape, planes, turned, turned_back
from darknet_py.errors import DarknetError
from darknet_py.go.board import BLACK, Board
from darknet_py.network.network import Network


class Opinion(NamedTuple):
    """moves: (361,) or, of a network that knows a pass, (362,), 0 where stones stand.

    wins: what the network says of who moves, None where it says nothing.
    """

    moves: NDArray[np.float64]
    wins: float | None


@dataclass
class Policy:
    """A network for Go. multi: it looks at all 8 symmetries, and their mean counts."""

    network: Network
    device: torch.device
    multi: bool = False

    def __post_init__(self) -> None:
        self.shape = go_shape(self.network.graph)
        self.network = self.network.for_inference().to(self.device)

    def opinion(self, board: Board, player: int) -> Opinion:
        """What it thinks of the player's next move."""
        stones = np.array(board.stones, np.int8).reshape(1, SIDE, SIDE)
        own, other = ((stones == kind).astype(np.uint8) for kind in (player, -player))
        answers = self.answers(planes(own, other, np.array([player == BLACK]), self.shape.channels))
        return self.opinions(answers, (stones != 0).reshape(1, -1))[0]

    def opinions(self, answers: NDArray[np.float64], taken: NDArray[np.bool_]) -> Sequence[Opinion]:
        """Answers (N, outputs) as opinions; taken: (N, 361) where stones stand."""
        answers[:, :POINTS][taken] = 0
        moves = answers[:, : self.shape.moves]
        wins = answers[:, -1].tolist() if self.shape.says_who_wins else [None] * len(answers)
        return [Opinion(*pair) for pair in zip(moves, wins, strict=True)]

    def answers(self, x: Floats) -> NDArray[np.float64]:
        """The network's output, (N, outputs), for positions (N, channels, 19, 19).

        Raises DarknetError where it is not finite.
        """
        count = SYMMETRIES if self.multi else 1
        total = sum(self._seen_by(x, symmetry) for symmetry in range(count))
        return np.asarray(total / count)

    def _seen_by(self, x: Floats, symmetry: int) -> NDArray[np.float64]:
        seen = torch.from_numpy(np.ascontiguousarray(turned(x, symmetry))).to(self.device)
        with torch.inference_mode():
            (y,) = self.network(seen)
        answers = y.reshape(len(x), -1).double().cpu().numpy()
        if not np.isfinite(answers).all():
            raise DarknetError("the network's answers are not finite; are its weights damaged?")
        boards = answers[:, :POINTS].reshape(-1, SIDE, SIDE)
        points = turned_back(boards, symmetry).reshape(-1, POINTS)
        return np.concatenate([points, answers[:, POINTS:]], axis=1)
