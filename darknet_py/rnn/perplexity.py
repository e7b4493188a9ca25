"""How well a recurrent net predicts a text, as Darknet's `rnn valid`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darknet_py.rnn.reader import Reader

BLANKS = tuple(b" \n\t")


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


def _power(bits: float) -> float:
    """2 to this power, infinite where a float ends."""
    return 2.0**bits if bits < 1024 else float("inf")


def scores(reader: Reader, seed: NDArray[np.int64], codes: NDArray[np.int64]) -> Iterator[Score]:
    """The Score after each symbol of the text but its first, which nothing predicts.

    seed: read before the text and not scored.
    """
    whole = np.concatenate([seed, codes])
    count, words, bits = 0, 1, 0.0
    for start in range(0, len(whole) - 1, reader.steps):
        part = whole[start : start + reader.steps]
        probabilities = reader.read(_filled(part, reader.steps))
        following = whole[start + 1 : start + 1 + reader.steps]
        taken = _bits(probabilities[np.arange(len(following)), following])
        for index, (code, cost) in enumerate(zip(following, taken, strict=True), start + 1):
            if index > len(seed):
                count, words, bits = count + 1, words + (int(code) in BLANKS), bits + float(cost)
                yield Score(count, words, bits)


def _filled(codes: NDArray[np.int64], steps: int) -> NDArray[np.int64]:
    """The end of a text, filled up: what is predicted after it is not looked at."""
    return np.pad(codes, (0, steps - len(codes)))


def _bits(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):  # what has probability 0 takes infinitely many bits
        return -np.log2(probabilities)
