"""Ordered work on threads: order, look-ahead, errors, and that no thread is left."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from darknet_py.parallel import ahead, ordered_map


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


def counted(taken: list[int], end: int | None = None) -> Iterator[int]:
    for number in itertools.count() if end is None else range(end):
        taken.append(number)
        yield number


def uneven(number: int) -> int:
    """The first of three is the last to be done."""
    time.sleep((0.006, 0.002, 0)[number % 3])
    return number * number


@pytest.mark.parametrize("workers", [0, 1, 3])
@pytest.mark.parametrize("depth", [1, 4, 100])
def test_results_come_in_order_whatever_the_work_takes(workers: int, depth: int) -> None:
    actual = list(ordered_map(uneven, range(20), workers, depth))
    assert actual == [number * number for number in range(20)]


def test_several_items_are_worked_on_at_once() -> None:
    """Each waits for the two others: alone it would wait for ever."""
    together = threading.Barrier(3, timeout=10)
    assert sorted(ordered_map(lambda _: together.wait(), range(3), 3, 3)) == [0, 1, 2]


def test_without_workers_the_caller_does_the_work_when_it_is_asked_for() -> None:
    taken: list[int] = []
    threads = ordered_map(lambda number: threading.current_thread(), counted(taken), 0, 5)
    assert [next(threads), next(threads)] == [threading.current_thread()] * 2
    assert taken == [0, 1]
    threads.close()


def test_an_endless_source_is_taken_no_further_than_the_depth() -> None:
    taken: list[int] = []
    results = ordered_map(lambda number: -number, counted(taken), workers=2, depth=3)
    assert taken == [], "nothing runs before it is asked for"
    for number in range(10):
        assert next(results) == -number
        assert len(taken) <= number + 1 + 3
    results.close()
    assert len(taken) == 13


def test_an_error_comes_after_the_results_before_it() -> None:
    actual = []
    with pytest.raises(ZeroDivisionError):
        for value in ordered_map(lambda number: 6 // (3 - number), range(9), 3, 8):
            actual.append(value)
    assert actual == [2, 3, 6]


def test_an_error_of_the_source_comes_after_the_results_before_it() -> None:
    def source() -> Iterator[int]:
        yield from (1, 2, 3)
        raise OSError("the camera is gone")

    actual = []
    with pytest.raises(OSError, match="the camera is gone"):
        for value in ordered_map(uneven, source(), workers=2, depth=9):
            actual.append(value)
    assert actual == [1, 4, 9]


def test_leaving_early_ends_the_threads_and_what_waits_is_not_begun() -> None:
    begun: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        time.sleep(0.01)
        return number

    results = ordered_map(work, range(1000), workers=1, depth=500, name="early")
    assert next(results) == 0
    assert any(thread.name.startswith("early") for thread in threading.enumerate())
    results.close()
    assert not any(thread.name.startswith("early") for thread in threading.enumerate())
    assert len(begun) < 100


def test_each_thread_is_initialized_once() -> None:
    begun: list[str] = []
    together = threading.Barrier(2, timeout=10)

    def start() -> None:
        begun.append(threading.current_thread().name)

    list(ordered_map(lambda _: together.wait(), range(6), 2, 6, name="pair", initializer=start))
    assert sorted(begun) == ["pair_0", "pair_1"]


def test_no_items() -> None:
    assert list(ordered_map(uneven, [], 2, 2)) == []


def test_ahead_gives_all_items_in_order_and_stays_bounded() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(20):
            taken.append(number)
            yield number

    found = ahead(items(), 3)
    assert taken == []
    assert next(found) == 0
    wait_until(lambda: len(taken) == 5)  # one handed over, three wait, one cannot be put down
    time.sleep(0.05)
    assert len(taken) == 5
    assert list(found) == list(range(1, 20))


def test_ahead_raises_what_its_items_raise_in_its_turn() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    found = ahead(items(), 5)
    assert next(found) == 1
    with pytest.raises(ValueError, match="no more"):
        next(found)


def test_ahead_closes_its_items_when_it_is_left() -> None:
    closed: list[str] = []

    def items() -> Iterator[int]:
        try:
            yield from itertools.count()
        finally:
            closed.append(threading.current_thread().name)

    found = ahead(items(), 2, name="feeder")
    next(found)
    found.close()
    assert closed == ["feeder"]


def test_eager_work_does_not_wait_for_the_next_item() -> None:
    """The first results are there although no more items come for now."""
    more = threading.Event()

    def items() -> Iterator[int]:
        yield from (1, 2)
        more.wait(60)
        yield 3

    found = ordered_map(lambda item: 10 * item, items(), 2, 4, eager=True)
    assert [next(found), next(found)] == [10, 20]
    more.set()
    assert list(found) == [30]


def test_eager_work_stays_bounded_and_raises_in_order() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in itertools.count():
            taken.append(number)
            yield number

    def work(item: int) -> int:
        if item == 5:
            raise ValueError("five")
        return item

    found = ordered_map(work, items(), 2, 3, eager=True)
    assert [next(found) for _ in range(5)] == [0, 1, 2, 3, 4]
    time.sleep(0.05)
    assert len(taken) <= 5 + 3 + 2
    with pytest.raises(ValueError, match="five"):
        next(found)


def wait_until(done: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_who_waits_for_an_item_has_time_for_something_else() -> None:
    called: list[int] = []

    def items() -> Iterator[int]:
        yield 1
        wait_until(lambda: len(called) >= 2)
        yield 2

    assert list(ahead(items(), 2, idle=lambda: called.append(1))) == [1, 2]
    assert len(called) >= 2
