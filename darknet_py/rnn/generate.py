"""Texts that a recurrent net makes up, as Darknet's `rnn generate`, and how they are spelt."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from darknet_py.cfg.text_file import read_text
from darknet_py.errors import DataError, Location

if TYPE_CHECKING:
    from darknet_py.rnn.reader import Reader

FLOOR = 1e-4
"""Symbols less likely than this are never drawn."""
STEP_END = tuple(b".\n")
"""What ends a step of `rnn generatetactic` and `rnn validtactic`."""
BYTES = 256
NEWLINE = "<NEWLINE>"


def generate_symbols(
    reader: Reader, seed: Sequence[int], length: int, rng: Generator
) -> Iterator[int]:
    """The seed, then `length` symbols: each drawn as the network predicts it.

    reader: of one step at a time, with its memory empty. An empty seed counts as symbol 0.
    """
    *start, last = seed or [0]
    for code in start:
        reader.read([code])
        yield code
    yield last
    for _ in range(length):
        last = draw(reader.read([last])[0], rng)
        yield last


def generate_step(
    reader: Reader, text: Sequence[int], length: int, rng: Generator
) -> Iterator[int]:
    """What comes after the text: `length` symbols, fewer where a full stop ends its line.

    reader: of one step at a time, with its memory empty. text: not empty; it is not told again.
    """
    for code in text:
        probabilities = reader.read([code])[0]
    last = None
    for _ in range(length):
        following = draw(probabilities, rng)
        if (last, following) == STEP_END:
            return
        last = following
        yield last
        probabilities = reader.read([last])[0]


def draw(probabilities: NDArray[np.float64], rng: Generator) -> int:
    """A symbol at random, each as often as its probability says, none under FLOOR."""
    likely = np.where(probabilities < FLOOR, 0, probabilities)
    # Where all of many symbols are that unlikely the C programs divide by 0.
    sums = np.cumsum(likely if likely.any() else probabilities)
    # In (0, 1]: a symbol of probability 0 can never be met.
    point = (1 - rng.random()) * sums[-1]
    return int(np.searchsorted(sums, point))


def spellings(symbols: int, tokens: str | os.PathLike[str] | None) -> list[bytes]:
    """What to print for each symbol of a network; words and numbers are followed by a blank.

    tokens: a file with a word a line, <NEWLINE> for the end of a line. Without it symbols are
    bytes; of a network with more than 256, numbers, as tokenized texts hold them.
    Raises DataError for a tokens file with too few words.
    """
    if tokens is not None:
        words = _words(tokens, symbols)
        return [f"{word} ".encode() for word in words]
    if symbols > BYTES:
        return [b"%d " % number for number in range(symbols)]
    return [bytes([number]) for number in range(symbols)]


def _words(path: str | os.PathLike[str], symbols: int) -> list[str]:
    lines = read_text(path, "a tokens", DataError).split("\n")
    words = ["\n" if line.rstrip("\r") == NEWLINE else line.rstrip("\r") for line in lines]
    if words[-1] == "":  # what follows the last line end
        words.pop()
    if len(words) < symbols:
        message = f"has {len(words)} words, the network knows {symbols} symbols"
        raise DataError(f"{message}; use the tokens of its training", Location(os.fspath(path)))
    return words[:symbols]
