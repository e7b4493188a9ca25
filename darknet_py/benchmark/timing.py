"""Calls that take turns, and what their times say. Nothing here knows what is called."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from darknet_py.progress import Progress

Work = Callable[[], object]
Clock = Callable[[], float]

REST_SECONDS = 0.02
"""Between two entries. A thread pool that has just worked keeps its threads spinning for more work
(OpenMP and onnxruntime for some milliseconds): the next engine would share its cores with them."""
SETTLE_SECONDS = 0.01
"""Calls that are not counted, after the rest: caches are filled and the own threads awake again."""
BLOCK_SECONDS = 0.2
"""What a block of counted calls of the slowest entry lasts about. Single calls in turns would
measure cold caches and each other's threads; long runs one after the other, the machine's mood."""
LONGEST_BLOCK, SHORTEST_BLOCK = 40, 2
FEWEST_CALLS = 6


@dataclass(frozen=True)
class Latency:
    """Milliseconds of the counted calls; percentiles are interpolated."""

    calls: int
    min_ms: float
    median_ms: float
    p50_ms: float
    p90_ms: float
    p99_ms: float
    mean_ms: float


def latency(seconds: Sequence[float]) -> Latency:
    milliseconds = 1000 * np.asarray(seconds)
    p50, p90, p99 = (float(value) for value in np.percentile(milliseconds, (50, 90, 99)))
    least, mean = float(milliseconds.min()), float(milliseconds.mean())
    return Latency(len(seconds), least, p50, p50, p90, p99, mean)


def ratio(own: Sequence[float], other: Sequence[float]) -> float:
    """The median of own / other, call by call: what both suffered alike cancels out."""
    return statistics.median(a / b for a, b in zip(own, other, strict=True))


def plan_blocks(
    estimates: Sequence[float], runs: int | None, seconds: float | None
) -> tuple[int, ...]:
    """How many calls of each entry every round counts.

    estimates: seconds of one call of each entry. runs: calls of each entry in all. seconds: about
    what each entry gets on average, uncounted calls included. With both, what ends first.
    """
    size = round(BLOCK_SECONDS / max(max(estimates), 1e-9))
    size = min(max(size, SHORTEST_BLOCK), LONGEST_BLOCK)
    total = min(
        runs if runs is not None else _LIMIT,
        _affordable(estimates, size, seconds) if seconds is not None else _LIMIT,
    )
    whole, rest = divmod(total, size)
    return (size,) * whole + ((rest,) if rest else ())


_LIMIT = 1_000_000


def _affordable(estimates: Sequence[float], size: int, seconds: float) -> int:
    """Calls of each entry that fit into `seconds` times the number of entries."""
    settling = REST_SECONDS + SETTLE_SECONDS
    turn = sum(settling + (size + 1) * each for each in estimates)
    return max(FEWEST_CALLS, size * int(seconds * len(estimates) / turn))


def take_turns(
    works: Sequence[Work],
    blocks: Sequence[int],
    progress: Progress,
    label: str = "benchmark",
    *,
    clock: Clock = time.perf_counter,
    rest: Callable[[float], object] = time.sleep,
) -> list[list[float]]:
    """Seconds of the counted calls of each work: a block of each in turn, A B C A B C.

    Before a block come a rest and calls that are not counted.
    """
    times: list[list[float]] = [[] for _ in works]
    turns = [(number, size) for size in blocks for number in range(len(works))]
    for number, size in progress(turns, len(turns), label):
        rest(REST_SECONDS)
        _settle(works[number], clock)
        times[number] += [_timed(works[number], clock) for _ in range(size)]
    return times


def _settle(work: Work, clock: Clock) -> None:
    start = clock()
    work()
    while clock() - start < SETTLE_SECONDS:
        work()


def _timed(work: Work, clock: Clock) -> float:
    start = clock()
    work()
    return clock() - start


def warmed_up(work: Work, calls: int = 3, clock: Clock = time.perf_counter) -> float:
    """Seconds of a call, by the fastest of a few that go before the measurement."""
    return min(_timed(work, clock) for _ in range(calls))
