"""A table that grows with a training while its memory does not: neighbouring rows become one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MOST_ROWS = 1024
"""Twice as many as a picture has pixels for."""


@dataclass
class ThinnedTable:
    """names: of the columns. A row stands for `stride` rows that were added, the last one for those
    that are there yet: their mean, lowest and highest value. most: rows, an even number.

    Memory is that of `most` rows whatever is added.
    """

    names: Sequence[str]
    most: int = MOST_ROWS
    stride: int = 1
    added: int = 0
    _where: dict[str, int] = field(init=False)
    _sums: Floats = field(init=False)
    _counts: Floats = field(init=False)
    _low: Floats = field(init=False)
    _high: Floats = field(init=False)

    def __post_init__(self) -> None:
        self._where = {name: number for number, name in enumerate(self.names)}
        shape = self.most, len(self.names)
        self._sums, self._counts = np.zeros(shape), np.zeros(shape)
        self._low, self._high = np.full(shape, np.inf), np.full(shape, -np.inf)

    def add(self, values: Mapping[str, float]) -> None:
        """A row; columns without a value, or with one that is not finite, have none in it."""
        if self.added == self.most * self.stride:
            self._halve()
        row = self.added // self.stride
        for name, value in values.items():
            column = self._where.get(name)
            if column is not None and np.isfinite(value):
                self._sums[row, column] += value
                self._counts[row, column] += 1
                self._low[row, column] = min(self._low[row, column], value)
                self._high[row, column] = max(self._high[row, column], value)
        self.added += 1

    def _halve(self) -> None:
        half = self.most // 2
        for table, joined, empty in (
            (self._sums, np.add, 0.0),
            (self._counts, np.add, 0.0),
            (self._low, np.minimum, np.inf),
            (self._high, np.maximum, -np.inf),
        ):
            table[:half] = joined(table[0::2], table[1::2])
            table[half:] = empty
        self.stride *= 2

    @property
    def rows(self) -> int:
        return -(-self.added // self.stride)

    def __contains__(self, name: str) -> bool:
        """Whether a column has any value."""
        column = self._where.get(name)
        return column is not None and bool(self._counts[:, column].any())

    def having(self, ending: str) -> Iterator[str]:
        """The columns with values whose name ends so."""
        yield from (name for name in self.names if name.endswith(ending) and name in self)

    def mean(self, name: str) -> Floats:
        """(rows,) float64, nan where there is no value."""
        column = self._where[name]
        counts = self._counts[: self.rows, column]
        return np.where(counts > 0, self._sums[: self.rows, column] / np.maximum(counts, 1), np.nan)

    def total(self, name: str) -> Floats:
        """(rows,) what the values add up to, 0 where there is none."""
        return self._sums[: self.rows, self._where[name]]

    def span(self, name: str) -> tuple[Floats, Floats]:
        """The lowest and the highest value, each (rows,), nan where there is none."""
        column = self._where[name]
        known = self._counts[: self.rows, column] > 0
        low, high = self._low[: self.rows, column], self._high[: self.rows, column]
        return np.where(known, low, np.nan), np.where(known, high, np.nan)
