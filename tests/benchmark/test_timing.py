"""Turns, percentiles and ratios, on a clock that only moves when something is called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import pytest

from darknet_py.benchmark import timing
from darknet_py.benchmark.timing import latency, plan_blocks, ratio, take_turns, warmed_up

T = TypeVar("T")


class Scene:
    """A clock, works that take a given time each, and a diary of what happened."""

    def __init__(self) -> None:
        self.now = 0.0
        self.diary: list[str] = []

    def clock(self) -> float:
        return self.now

    def rest(self, seconds: float) -> None:
        self.now += seconds
        self.diary.append("-")

    def work(self, name: str, *seconds: float) -> Callable[[], None]:
        times = iter(seconds)

        def call() -> None:
            self.now += next(times)
            self.diary.append(name)

        return call


def silent(items: Iterable[T], total: int, label: str) -> Iterator[T]:
    yield from items


def test_blocks_take_turns_after_a_rest_and_a_call_that_is_not_counted() -> None:
    scene = Scene()
    a = scene.work("a", 9, 1, 2, 9, 3)
    b = scene.work("b", 9, 4, 5, 9, 6)
    times = take_turns([a, b], [2, 1], silent, clock=scene.clock, rest=scene.rest)
    assert times == [[1, 2, 3], [4, 5, 6]]
    assert "".join(scene.diary) == "-aaa-bbb-aa-bb"


def test_short_calls_settle_until_the_time_is_over() -> None:
    scene = Scene()
    short = 0.3 * timing.SETTLE_SECONDS
    times = take_turns(
        [scene.work("a", *[short] * 4, 7)], [1], silent, clock=scene.clock, rest=scene.rest
    )
    assert times == [[7]]


def test_progress_counts_the_turns() -> None:
    seen = []

    def progress(items: Iterable[T], total: int, label: str) -> Iterator[T]:
        seen.append((total, label))
        yield from items

    scene = Scene()
    works = [scene.work(name, *[1.0] * 9) for name in "abc"]
    take_turns(works, [1, 1], progress, "batch 1", clock=scene.clock, rest=scene.rest)
    assert seen == [(6, "batch 1")]


def test_latency() -> None:
    found = latency([0.004, 0.001, 0.002, 0.003, 0.010])
    assert (found.calls, found.min_ms, found.mean_ms) == (5, 1.0, 4.0)
    assert found.median_ms == found.p50_ms == 3.0
    assert found.p90_ms == pytest.approx(4 + 0.6 * 6)
    assert found.p99_ms == pytest.approx(4 + 0.96 * 6)


def test_ratio_is_the_median_of_pairs_not_the_ratio_of_medians() -> None:
    own, other = [2.0, 30.0, 8.0], [1.0, 10.0, 8.0]
    assert ratio(own, other) == 2.0  # of 2, 3 and 1; the medians are 8 and 8


@pytest.mark.parametrize(
    ("estimates", "runs", "seconds", "blocks"),
    [
        ([0.05, 0.001], 10, None, (4, 4, 2)),  # blocks of 0.2 s of the slowest
        ([0.001], 100, None, (40, 40, 20)),
        ([3.0], 5, None, (2, 2, 1)),
        ([0.05], 3, None, (3,)),
        ([0.05], None, 2.81, (4,) * 10),  # 0.03 + 5 * 0.05 = 0.28 s a round
        ([0.05], None, 2.7, (4,) * 9),
        ([0.05, 0.05], None, 2.81, (4,) * 10),
        ([3.0], None, 1.0, (2, 2, 2)),
        ([0.05], 10, 100.0, (4, 4, 2)),
        ([0.05], 1000, 2.81, (4,) * 10),
        ([0.0], 2, 1.0, (2,)),
    ],
)
def test_blocks(
    estimates: list[float], runs: int | None, seconds: float | None, blocks: tuple[int, ...]
) -> None:
    assert plan_blocks(estimates, runs, seconds) == blocks


def test_warming_up_tells_the_fastest_call() -> None:
    scene = Scene()
    assert warmed_up(scene.work("a", 5, 2, 3), 3, scene.clock) == 2
