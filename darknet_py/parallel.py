"""Work on threads whose results come in order."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

S = TypeVar("S")
T = TypeVar("T")

POLL_SECONDS = 0.1
"""After which a thread that cannot hand on an item looks whether anybody still wants it, and one
that waits for an item does what there is to do meanwhile."""


def ordered_map(
    fn: Callable[[S], T],
    items: Iterable[S],
    workers: int,
    depth: int,
    *,
    name: str = "ordered-map",
    initializer: Callable[[], object] | None = None,
    eager: bool = False,
) -> Generator[T, None, None]:
    """fn(item) of each item in their order, computed ahead by threads while the caller works.

    items: may be endless; the caller's thread takes at most `depth` + 1 of them beyond the results
    it was given. workers: threads at the most; with 0 the caller's own thread does the work, item
    by item. depth: results that may wait or be at work when one is handed over, at least 1. name:
    of the threads. initializer: called in each thread at its start. eager: another thread takes the
    items, so that a result is handed over as soon as it is there, and not when `depth` more items
    are: for items that are long in coming.

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
        if eager:
            with contextlib.closing(ahead(_submitted(pool, fn, items), depth)) as futures:
                yield from (future.result() for future in futures)
            return
        for future in _submitted(pool, fn, items):
            waiting.append(future)
            if len(waiting) > max(1, depth):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_END = object()


def ahead(
    items: Iterable[S],
    depth: int,
    *,
    name: str = "ahead",
    idle: Callable[[], object] | None = None,
) -> Generator[S, None, None]:
    """The items, taken by a thread of their own, which is up to `depth` of them ahead.

    depth: at least 1. An exception of the items is raised when its turn comes. The thread ends with
    the iteration, also when that is cut short: after the item that it is waiting for. idle: called
    by who waits for an item, now and then.
    """
    waiting: queue.Queue[Any] = queue.Queue(max(1, depth))
    stop = threading.Event()
    thread = threading.Thread(target=_feed, args=(items, waiting, stop), name=name, daemon=True)
    thread.start()
    try:
        while True:
            item, error = waiting.get() if idle is None else _patiently(waiting, idle)
            if error is not None:
                raise error
            if item is _END:
                return
            yield item
    finally:
        stop.set()
        with contextlib.suppress(queue.Empty):
            while True:
                waiting.get_nowait()
        thread.join()


def _patiently(waiting: queue.Queue[Any], idle: Callable[[], object]) -> Any:
    while True:
        try:
            return waiting.get(timeout=POLL_SECONDS)
        except queue.Empty:
            idle()


def _feed(items: Iterable[S], waiting: queue.Queue[Any], stop: threading.Event) -> None:
    """Items and what they raise, until somebody says stop; a generator is closed by its thread."""
    error: BaseException | None = None
    try:
        for item in items:
            if not _put(waiting, (item, None), stop):
                break
    except BaseException as failure:  # noqa: BLE001 - handed on in its turn
        error = failure
    finally:
        close = getattr(items, "close", None)
        if close is not None:
            close()
    _put(waiting, (_END, error), stop)


def _put(waiting: queue.Queue[Any], item: Any, stop: threading.Event) -> bool:
    """False if it is not wanted any more."""
    while not stop.is_set():
        with contextlib.suppress(queue.Full):
            waiting.put(item, timeout=POLL_SECONDS)
            return True
    return False


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
