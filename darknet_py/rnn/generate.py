"""Texts that a recurrent net makes up, as Darknet's `rnn generate`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from darknet_py.rnn.reader import Reader

FLOOR = 1e-4
"""Symbols less likely than this are never drawn."""


def generate(reader: Reader, seed: Sequence[int], length: int, rng: Generator) -> Iterator[int]:
    """The seed, then `length` symbols: each drawn from what the network foresees.

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


def draw(chances: NDArray[np.float64], rng: Generator) -> int:
    """A symbol at random, each as often as its chance says, none under FLOOR."""
    likely = np.where(chances < FLOOR, 0, chances)
    # Where all of many symbols are that unlikely the C programs divide by 0.
    sums = np.cumsum(likely if likely.any() else chances)
    # In (0, 1]: a symbol without any chance can never be met.
    place = (1 - rng.random()) * sums[-1]
    return int(np.searchsorted(sums, place))
