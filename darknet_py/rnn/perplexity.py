"""How well a recurrent net predicts a text, as Darknet's `rnn valid` and `rnn validtactic`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from darknet_py.rnn.generate import STEP_END
from darknet_py.rnn.reader import Reader

BLANKS = tuple(b" \n\t")
STEP_START = tuple(b">>")


@dataclass(frozen=True)
class Score:
    """After `count` symbols of a text: bits they took together, and words begun so far."""

    count: int
    words: int
    bits: float

    @property
    def bits_per_symbol(self) -> float:
        return self.bits / self.count

    @property
    def perplexity(self) -> float:
        return _power(self.bits_per_symbol)

    @property
    def word_perplexity(self) -> float:
        return _power(self.bits / self.words)


class Mark(NamedTuple):
    """Of a symbol that is predicted: whether it is scored, and whether a word begins with it."""

    scored: bool
    word: bool


Marks = Callable[[Sequence[int]], Iterator[Mark]]
"""From a text to the marks of all its symbols but the first."""


def every_symbol(codes: Sequence[int]) -> Iterator[Mark]:
    """All are scored; a word begins at each blank."""
    return (Mark(True, code in BLANKS) for code in codes[1:])


def tactics(codes: Sequence[int]) -> Iterator[Mark]:
    """Those between `>>` and a full stop that ends its line are scored; each `>>` begins a word."""
    inside = False
    for pair in pairwise(codes):
        inside = inside and pair != STEP_END
        begins = not inside and pair == STEP_START
        yield Mark(inside, begins)
        inside = inside or begins


def _power(bits: float) -> float:
    """2 to this power, infinite where a float ends."""
    return 2.0**bits if bits < 1024 else float("inf")


def scores(
    reader: Reader,
    seed: NDArray[np.int64],
    codes: NDArray[np.int64],
    marks: Marks = every_symbol,
) -> Iterator[Score]:
    """The Score after each symbol that is scored; nothing predicts the first of the text.

    seed: read before the text and not scored.
    """
    count, words, bits = 0, 1, 0.0
    costs = islice(_costs(reader, np.concatenate([seed, codes])), len(seed), None)
    for mark, cost in zip(marks(codes.tolist()), costs, strict=True):
        words += mark.word
        if mark.scored:
            count, bits = count + 1, bits + cost
            yield Score(count, words, bits)


def _costs(reader: Reader, codes: NDArray[np.int64]) -> Iterator[float]:
    """The bits that each symbol but the first takes."""
    for start in range(0, len(codes) - 1, reader.steps):
        part = codes[start : start + reader.steps]
        probabilities = reader.read(_filled(part, reader.steps))
        following = codes[start + 1 : start + 1 + reader.steps]
        yield from _bits(probabilities[np.arange(len(following)), following]).tolist()


def _filled(codes: NDArray[np.int64], steps: int) -> NDArray[np.int64]:
    """The end of a text, filled up: what is predicted after it is not looked at."""
    return np.pad(codes, (0, steps - len(codes)))


def _bits(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):  # what has probability 0 takes infinitely many bits
        return -np.log2(probabilities)
