"""Two programs' figures of a net side by side, and whether their means differ by more than chance.

The test is Welch's t: the spreads of the two need not be alike, nor the numbers of runs.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scipy.stats import ttest_ind

from convergence.figures import Figures, RunFigures

LEVEL = 0.01
"""Means that differ as much by chance alone come once in a hundred comparisons."""


@dataclass(frozen=True)
class Row:
    """One number in both programs' runs. judged: a difference fails; else it is only shown."""

    net: str
    what: str
    c: tuple[float, ...]
    ours: tuple[float, ...]
    judged: bool

    @property
    def chance(self) -> float:
        """How often equal means give a difference as large as this one: Welch's two-sided p."""
        if len({*self.c, *self.ours}) == 1:  # nothing is learnt at the start: 0 in every run
            return 1.0
        return float(ttest_ind(self.c, self.ours, equal_var=False).pvalue)

    @property
    def fails(self) -> bool:
        return self.judged and not self.chance >= LEVEL


def rows(c: Figures, ours: Figures) -> Iterator[Row]:
    """Of the nets that were trained: mAP on the way, then at the end, with the losses there."""
    for net, runs in ours.items():
        last = max(c[net][0].map)
        for number in c[net][0].map:
            maps = _both(c[net], runs, lambda run, number=number: run.map[number])
            yield Row(net, f"mAP %, {number} iterations", *maps, judged=number == last)
        yield Row(net, "loss of the last 100", *_both(c[net], runs, _loss), judged=True)
        yield Row(net, "their scatter", *_both(c[net], runs, _scatter), judged=True)


def _loss(run: RunFigures) -> float:
    return run.last_loss


def _scatter(run: RunFigures) -> float:
    return run.last_scatter


def _both(c, ours, value):  # type: ignore[no-untyped-def]
    return tuple(map(value, c)), tuple(map(value, ours))


def table(compared: Sequence[Row]) -> str:
    """A line a row: the mean and the spread (standard deviation of the runs) of either program."""
    lines = [f"{'':18} {'':22} {'C':>16} {'ours':>16} {'p':>6}"]
    for row in compared:
        words = "differ" if row.fails else "" if row.judged else "(shown only)"
        name, chance = f"{row.net:18} {row.what:22}", f"{row.chance:6.3f}"
        lines.append(
            f"{name} {_spread(row.c):>16} {_spread(row.ours):>16} {chance} {words}".rstrip()
        )
    return "\n".join(lines)


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.fmean(values):.2f} +- {statistics.stdev(values):.2f}"
