"""Values from one thread to many: what is lost, what is not, and that nobody waits."""

from __future__ import annotations

import threading

import pytest

from darknet_py.video.broadcast import Broadcast, DroppingQueue


def rest(queue: DroppingQueue[int]) -> list[int]:
    """All that waits."""
    values = []
    while (value := queue.take(0)) is not None:
        values.append(value)
    return values


def test_a_full_queue_loses_the_oldest_and_counts_it() -> None:
    queue: DroppingQueue[int] = DroppingQueue(3)
    for number in range(1, 6):
        queue.put(number)
    assert len(queue) == 3
    assert (rest(queue), queue.dropped) == ([3, 4, 5], 2)


def test_a_queue_of_one_holds_the_newest_value() -> None:
    queue: DroppingQueue[int] = DroppingQueue(1)
    for number in range(1, 100):
        queue.put(number)
    assert (rest(queue), queue.dropped) == ([99], 98)


def test_nothing_comes_in_the_time_given() -> None:
    queue: DroppingQueue[int] = DroppingQueue(1)
    assert queue.take(0.001) is None
    assert not queue.ended


@pytest.mark.parametrize("close", [False, True])
def test_a_reader_that_waits_is_woken(close: bool) -> None:
    queue: DroppingQueue[int] = DroppingQueue(1)
    waker = threading.Timer(0.02, queue.close if close else lambda: queue.put(7))
    waker.start()
    assert queue.take(60) == (None if close else 7)
    waker.join()


def test_what_waits_may_be_taken_after_the_end() -> None:
    queue: DroppingQueue[int] = DroppingQueue(2)
    queue.put(1)
    queue.close()
    queue.put(2)
    assert not queue.ended
    assert (rest(queue), queue.ended, queue.dropped) == ([1], True, 0)


def test_each_reader_gets_all_from_when_it_came_and_loses_only_its_own() -> None:
    numbers: Broadcast[int] = Broadcast(2)
    with numbers.reader() as first:
        numbers.publish(1)
        with numbers.reader() as second:
            assert numbers.readers == 2
            numbers.publish(2)
            numbers.publish(3)
            assert (rest(first), rest(second)) == ([2, 3], [2, 3])
            assert (first.dropped, second.dropped) == (1, 0)
        numbers.publish(4)
        assert (rest(first), rest(second)) == ([4], [])
    assert numbers.readers == 0


def test_who_comes_later_is_greeted_with_the_newest_value() -> None:
    numbers: Broadcast[int] = Broadcast(1, greets=True)
    with numbers.reader() as early:
        assert rest(early) == []
    numbers.publish(1)
    numbers.publish(2)
    with numbers.reader() as late:
        assert rest(late) == [2]
    numbers.close()
    with numbers.reader() as after_the_end:
        assert (rest(after_the_end), after_the_end.ended) == ([2], True)


def test_the_end_is_told_to_all() -> None:
    numbers: Broadcast[int] = Broadcast(1)
    with numbers.reader() as first, numbers.reader() as second:
        numbers.publish(1)
        numbers.close()
        assert [rest(first), rest(second)] == [[1], [1]]
        assert first.ended and second.ended


def test_losses_are_summed_over_all_there_were() -> None:
    numbers: Broadcast[int] = Broadcast(1)
    gone = numbers.join()
    for number in range(4):
        numbers.publish(number)
    numbers.leave(gone)
    numbers.leave(gone)
    with numbers.reader():
        for number in range(3):
            numbers.publish(number)
        assert numbers.dropped == 3 + 2


def test_the_writer_is_not_held_up_by_who_never_reads() -> None:
    numbers: Broadcast[int] = Broadcast(5)
    with numbers.reader() as sleeper:
        for number in range(10_000):
            numbers.publish(number)
        assert len(sleeper) == 5 and sleeper.dropped == 9_995


def test_a_reader_that_is_no_thread_is_called() -> None:
    """After each value and after the end; not once it has left."""
    numbers: Broadcast[int] = Broadcast(1)
    calls: list[str] = []
    queue = numbers.join(lambda: calls.append("called"))
    numbers.publish(1)
    numbers.publish(2)
    assert (calls, rest(queue)) == (["called"] * 2, [2])
    numbers.close()
    assert (len(calls), queue.closed) == (3, True)
    numbers.leave(queue)
    numbers.publish(3)
    assert len(calls) == 3
