"""Training of networks for Go on a file of moves, as Darknet's `go train`."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import torch

from darknet_py.data.go_moves import POINTS, SIDE, read_moves
from darknet_py.data.go_samples import GoSet, go_shape
from darknet_py.data.loader import Batch
from darknet_py.distributed.context import DistributedContext
from darknet_py.options.training import GoTrainOptions
from darknet_py.train.checkpoint import PLAIN_FINAL, PLAIN_LAST, CheckpointFiles, SavePolicy
from darknet_py.train.logs.progress_log import MOVES, Units
from darknet_py.train.startup import ReadyTraining, begin, graph_of, require_endless

LAST = {True: 1000, False: 100}
"""Updates between the last weights: pjreddie's, and AlexeyAB's."""
COPIES = 10_000
"""Updates between those that are kept as NAME_N.backup."""


@dataclass(frozen=True)
class GoTask:
    """Moves of games; see `darknet_py.train.loop.Task`."""

    source: GoSet
    rank: int
    world: int
    units: Units = MOVES

    def batches(self, first: int) -> Generator[Batch, None, None]:
        for number in count(first):
            boards, answers = self.source.batch(number, self.rank, self.world)
            yield Batch(torch.from_numpy(boards), torch.from_numpy(answers), ())

    def size_at(self, step: int) -> tuple[int, int]:
        return SIDE, SIDE

    def drawn(self, step: int) -> list[str]:
        return []


def open_go(
    options: GoTrainOptions, distributed: DistributedContext, device: torch.device
) -> ReadyTraining:
    """A training on the file of moves that options.data is."""
    graph = graph_of(options)
    shape, rules = go_shape(graph), graph.fork.go
    require_endless(graph)
    moves = read_moves(options.data, names_players=rules.names_players, passes=shape.moves > POINTS)
    GoSet.of(moves, shape, 1, 0)  # refuses before anything is made
    files = CheckpointFiles.of(
        Path(options.backup), options.cfg, PLAIN_LAST, PLAIN_FINAL, "give another --backup"
    )
    start = begin(options, graph, files, distributed, device)
    images, usable = start.trainer.images, len(moves.usable)
    source = GoSet.of(moves, shape, images, start.trainer.seed)
    last = LAST[graph.fork.saving.go_seldom]
    return ReadyTraining(
        start=start,
        task=GoTask(source, distributed.rank, distributed.world),
        save_policy=SavePolicy(0, last, epoch=usable, images=images, copies=COPIES),
        count=usable,
        facts=(f"{usable} moves of {options.data}",),
        warnings=(f"warning: {moves.warning}",) if moves.warning else (),
    )
