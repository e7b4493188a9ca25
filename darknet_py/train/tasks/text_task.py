"""Training of recurrent nets on a text, as Darknet's `rnn train`."""

from __future__ import annotations

import os
from collections.abc import Generator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import torch

from darknet_py.data.loader import Batch
from darknet_py.data.text_samples import TextSet, read_codes
from darknet_py.distributed.context import DistributedContext
from darknet_py.errors import DataError, Location
from darknet_py.options.training import TextTrainOptions
from darknet_py.train.checkpoint import PLAIN_LAST, CheckpointFiles, SavePolicy
from darknet_py.train.logs.progress_log import SYMBOLS, Units
from darknet_py.train.startup import (
    ReadyTraining,
    begin,
    graph_of,
    kind_of,
    require_end,
    require_kind,
)

NUMBERED = {True: 10_000, False: 1000}
LAST = {True: 100, False: 10}
"""Passes between the numbered weights and between the last ones: pjreddie's, and AlexeyAB's."""


@dataclass(frozen=True)
class TextTask:
    """Streams of a text; see `darknet_py.train.loop.Task`.

    Every pass starts from empty memory, as on the CPU and on AlexeyAB's GPU: a stream that reads on
    remembers nothing of what it read before.
    """

    source: TextSet
    size: tuple[int, int]
    rank: int
    world: int
    units: Units = SYMBOLS

    def batches(self, first: int) -> Generator[Batch, None, None]:
        for number in count(first):
            symbols, answers = self.source.batch(number, self.rank, self.world)
            yield Batch(torch.from_numpy(symbols), torch.from_numpy(answers), ())

    def size_at(self, step: int) -> tuple[int, int]:
        return self.size

    def drawn(self, step: int) -> list[str]:
        return []


def open_text(
    options: TextTrainOptions, distributed: DistributedContext, device: torch.device
) -> ReadyTraining:
    """A training on the text that options.data is."""
    graph = graph_of(options)
    net, plain = graph.net, graph.fork.saving.rnn_seldom
    if kind_of(graph) == "detector":
        require_kind(graph, "rnn")
    require_end(graph)
    if not os.path.exists(options.data):
        raise DataError("no such file; name the text with -file", Location(options.data))
    text = TextSet.of(
        graph, read_codes(options.data, options.tokenized), options.seed, options.data
    )
    _require_length(text, options.data)
    files = CheckpointFiles.of(
        Path(options.backup), options.cfg, PLAIN_LAST, cure="give another --backup"
    )
    start = begin(options, graph, files, distributed, device)
    source = TextSet.of(graph, text.codes, start.trainer.seed)
    return ReadyTraining(
        start=start,
        task=TextTask(source, (net.width, net.height), distributed.rank, distributed.world),
        save_policy=SavePolicy(NUMBERED[plain], LAST[plain], passes=text.passes),
        count=len(text.codes),
        facts=(
            f"{len(text.codes)} symbols of {options.data}",
            f"{text.inputs} inputs",
            f"{text.streams} streams of {text.steps} steps",
        ),
    )


def _require_length(text: TextSet, path: str) -> None:
    """A shorter text would meet its own start within one pass."""
    if len(text.codes) <= text.steps:
        message = f"{len(text.codes)} symbols, expected more than time_steps={text.steps}"
        raise DataError(f"{message}; take a longer text or set time_steps", Location(path))
