"""What both C programs print before they work, line by line; see `say`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from darknet_py.network.graph import Graph
from darknet_py.network.summary import TITLE, summarize
from darknet_py.network.weights_layout import Header


class Said(NamedTuple):
    """A piece of text with its line ends, and whether it goes to stderr."""

    text: str
    on_stderr: bool = False


def say(pieces: Iterable[Said]) -> None:
    """Print in this order, so that both streams together read as from Darknet."""
    for text, on_stderr in pieces:
        stream = sys.stderr if on_stderr else sys.stdout
        stream.write(text)
        stream.flush()


def program_lines() -> Iterator[Said]:
    """What AlexeyAB's program says of the machine at its start."""
    yield Said(" GPU isn't used \n")


def network_lines(graph: Graph, batch: int, subdivisions: int, train: bool) -> Iterator[Said]:
    """As the cfg is read: the mini-batch, the table of layers, its sums. batch: of a pass."""
    steps = graph.net.time_steps
    sizes = f"mini_batch = {batch}, batch = {batch * subdivisions}, time_steps = {steps}"
    yield Said(f"{sizes}, train = {int(train)} \n")
    summary = summarize(graph)
    yield Said(f"{TITLE}\n", True)
    for row in summary.rows:
        yield Said(f"{row.index:4d} {row.line}\n", True)
    yield Said(f"Total BFLOPS {summary.totals.printed_bflops:5.3f} \n", True)


def loading_lines(path: str, header: Header, layers: int) -> Iterator[Said]:
    """As weights are read. layers: how many of the network the file reaches."""
    yield Said(f"Loading weights from {path}...", True)
    seen = f"\n seen {64 if header.wide else 32}, trained: {header.seen // 1000} K-images"
    yield Said(f"{seen} ({header.seen // 64000} Kilo-batches_64) \n")
    yield Said(f"Done! Loaded {layers} layers from weights-file \n", True)
