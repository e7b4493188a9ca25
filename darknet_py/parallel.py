"""Work on threads whose results come in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")


def ordered_map(
    fn: Callable[[S], T],
    items: Iterable[S],
    workers: int,
    depth: int,
    *,
    name: str = "ordered-map",
    initializer: Callable[[], object] | None = None,
) -> Generator[T, None, None]:
    """fn(item) of each item in their order, computed ahead by threads while the caller works.

    items: may be endless; the caller's thread takes at most `depth` + 1 of them beyond the results
    it was given. workers: threads at the most; with 0 the caller's own thread does the work, item
    by item. depth: results that may wait or be at work when one is handed over, at least 1. name:
    of the threads. initializer: called in each thread at its start.

    An exception of `fn`, and one of `items` as well, is raised when its turn comes: the results
    before it are handed over first. Threads end with the iteration, also when that is cut short;
    nothing runs before the first result is asked for.
    """
    if workers < 1:
        yield from map(fn, items)
        return
    waiting: deque[Future[T]] = deque()
    pool = ThreadPoolExecutor(workers, name, initializer=initializer)
    try:
        for future in _submitted(pool, fn, items):
            waiting.append(future)
            if len(waiting) > max(1, depth):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _submitted(
    pool: ThreadPoolExecutor, fn: Callable[[S], T], items: Iterable[S]
) -> Iterator[Future[T]]:
    """The work on each item; an exception of the items themselves comes as the last one's."""
    try:
        for item in items:
            yield pool.submit(fn, item)
    except Exception as error:  # noqa: BLE001 - handed on in its turn
        failed: Future[T] = Future()
        failed.set_exception(error)
        yield failed
