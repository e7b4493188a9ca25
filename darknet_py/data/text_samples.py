"""Texts for recurrent nets: streams that read on from batch to batch, as Darknet's `rnn train`."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from darknet_py.errors import CANNOT_OPEN, DarknetError, DataError, Location, open_failure
from darknet_py.network.graph import Graph

Floats = NDArray[np.float32]
Codes = NDArray[np.int64]

BLOCK = 256
"""Passes whose jumps are drawn together."""
TOKEN = re.compile(rb"[+-]?[0-9]{1,9}")


@dataclass(frozen=True)
class TextSet:
    """A text as numbers, read by many streams at once.

    codes: (length,) the text, each in 0..inputs-1. streams: sequences side by side in a pass of
    the network; steps: symbols each of them reads in a pass (time_steps). passes: of one update
    (subdivisions). jump: 1 of so many times a stream goes on at another position of the text.
    """

    codes: Codes
    inputs: int
    streams: int
    steps: int
    passes: int
    jump: int
    seed: int

    @staticmethod
    def of(graph: Graph, codes: Codes, seed: int, where: str = "the text") -> TextSet:
        """A text for a network; raises DataError for symbols the network has no input for."""
        net = graph.net
        inputs = require_symbols(graph)
        check_codes(codes, inputs, where)
        streams = max(1, net.batch // net.subdivisions)
        jump = graph.fork.samples.stream_jumps
        return TextSet(codes, inputs, streams, net.time_steps, net.subdivisions, jump, seed)

    def batch(self, number: int, rank: int = 0, world: int = 1) -> tuple[Floats, Floats]:
        """What update `number`, counted from 1, learns from: inputs and targets.

        Both are (passes * steps * streams, inputs) one-hot; a pass is time-major, row t * streams
        + s being stream s at step t, and the targets are the symbols that follow. With `world`
        processes each has its own streams. A pure function of its arguments: any batch can be
        asked for at once.
        """
        first = (number - 1) * self.passes
        passes = range(first, first + self.passes)
        rows = np.concatenate([self._positions(one, rank, world) for one in passes])
        length = len(self.codes)
        return self._one_hot(rows % length), self._one_hot((rows + 1) % length)

    def _positions(self, number: int, rank: int, world: int) -> Codes:
        """Where in the text the rows of a pass are, counted from 0."""
        whole = self._starts(number, self.streams * world)
        starts = whole[rank * self.streams : (rank + 1) * self.streams]
        return (np.arange(self.steps)[:, None] + starts[None, :]).ravel()

    def _starts(self, number: int, streams: int) -> Codes:
        """Where each stream starts to read in a pass: on from its last jump."""
        starts = np.full(streams, -1, np.int64)
        block, row = divmod(number, BLOCK)
        while (starts < 0).any():
            jumped, positions = self._jumps(block, streams)
            # The last jump up to this pass, -1 where a stream has none in this block.
            last = row - jumped[row::-1].argmax(axis=0)
            has_jump = jumped[: row + 1].any(axis=0) & (starts < 0)
            read = (number - block * BLOCK - last) * self.steps
            position = positions[last, np.arange(streams)] + read
            starts = np.where(has_jump, position % len(self.codes), starts)
            block, row = block - 1, BLOCK - 1
        return starts

    def _jumps(self, block: int, streams: int) -> tuple[NDArray[np.bool_], Codes]:
        """Before which passes of a block which streams jump, (BLOCK, streams), and where to."""
        return _jumps(self.seed, block, streams, self.jump, len(self.codes))

    def _one_hot(self, rows: Codes) -> Floats:
        result = np.zeros((len(rows), self.inputs), np.float32)
        result[np.arange(len(rows)), self.codes[rows]] = 1
        return result


@lru_cache(maxsize=4)
def _jumps(
    seed: int, block: int, streams: int, jump: int, length: int
) -> tuple[NDArray[np.bool_], Codes]:
    rng = np.random.default_rng((seed, block))
    jumped = rng.integers(jump, size=(BLOCK, streams)) == 0
    if block == 0:
        jumped[0] = True
    return jumped, rng.integers(length, size=(BLOCK, streams))


def require_symbols(graph: Graph) -> int:
    """The symbols a network reads and answers; raises DarknetError where these differ."""
    inputs, outputs = graph.net.input.size, graph.nodes[graph.last].out.size
    if inputs != outputs:
        message = f"reads {inputs} values and gives {outputs}, expected as many: one a symbol"
        raise DarknetError(f"{graph.path}: {message}; is this a recurrent net for texts?")
    return inputs


def read_codes(path: str | os.PathLike[str], tokenized: bool = False) -> Codes:
    """The bytes of a file, or its numbers if tokenized; raises DataError for an unusable file."""
    location = Location(os.fspath(path))
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise DataError("no such file; check the path", location) from None
    except CANNOT_OPEN as error:
        raise DataError(f"cannot be read: {open_failure(error)}", location) from None
    codes = (
        _numbers(data, location) if tokenized else np.frombuffer(data, np.uint8).astype(np.int64)
    )
    if not len(codes):
        raise DataError("is empty; a network learns from a text of some length", location)
    return codes


def _numbers(data: bytes, location: Location) -> Codes:
    """The numbers of a tokenized text; the C programs stop at the first word that is not one."""
    words = data.split()
    bad = next((word for word in words if not TOKEN.fullmatch(word)), None)
    if bad is not None:
        read = bad[:20].decode(errors="replace")
        message = f"word {words.index(bad) + 1} is '{read}', expected the number of a token"
        raise DataError(message, location)
    return np.array([int(word) for word in words], np.int64)


def check_codes(codes: Codes, inputs: int, where: str) -> None:
    """Raises DataError for a symbol outside of 0..inputs-1, naming it and its index."""
    wrong = np.flatnonzero((codes < 0) | (codes >= inputs))
    if len(wrong):
        index = int(wrong[0])
        message = f"symbol {codes[index]} at index {index}, the network knows 0 to {inputs - 1}"
        raise DataError(f"{message}; set inputs= and the last output=", Location(where))
