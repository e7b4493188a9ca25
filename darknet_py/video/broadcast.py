"""One writer, many readers: whoever reads slowly loses values, the writer never waits."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class DroppingQueue(Generic[T]):
    """Values from one thread to another; when it is full the oldest makes room for the newest.

    depth: values that may wait, at least 1; with 1 it is the newest value that the reader gets.
    changed: called after each value and after the end, by the thread that brings it: for readers
    that are no thread of their own. dropped: how many were never taken because others came.
    """

    def __init__(self, depth: int, changed: Callable[[], object] = lambda: None) -> None:
        self.depth = depth
        self.changed = changed
        self.dropped = 0
        self._waiting: deque[T] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, value: T) -> None:
        """Never waits. After `close` the value is lost without being counted."""
        with self._changed:
            if self._closed:
                return
            self._waiting.append(value)
            if len(self._waiting) > self.depth:
                self._waiting.popleft()
                self.dropped += 1
            self._changed.notify()
        self.changed()

    def take(self, timeout: float) -> T | None:
        """The oldest value; None where none came for `timeout` seconds, and once it has `ended`."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed, timeout)
            return self._waiting.popleft() if self._waiting else None

    def close(self) -> None:
        """No more values; those that wait may still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self.changed()

    def __len__(self) -> int:
        """Values that wait."""
        return len(self._waiting)

    @property
    def closed(self) -> bool:
        """Nothing comes after what waits."""
        return self._closed

    @property
    def ended(self) -> bool:
        """Closed, and all was taken."""
        with self._changed:
            return self._closed and not self._waiting


class Broadcast(Generic[T]):
    """Hands each value to all who read at that moment.

    depth: values that wait for each reader. greets: who comes later begins with the newest value,
    if there is one.
    """

    def __init__(self, depth: int, *, greets: bool = False) -> None:
        self.depth = depth
        self._greets = greets
        self._newest: list[T] = []
        self._readers: set[DroppingQueue[T]] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._dropped = 0

    def publish(self, value: T) -> None:
        """To all readers, at once: the longest wait is for one that joins or leaves."""
        with self._lock:
            if self._greets:
                self._newest = [value]
            for reader in self._readers:
                reader.put(value)

    @contextlib.contextmanager
    def reader(self) -> Iterator[DroppingQueue[T]]:
        """What is published while the context lasts."""
        queue = self.join()
        try:
            yield queue
        finally:
            self.leave(queue)

    def join(self, changed: Callable[[], object] = lambda: None) -> DroppingQueue[T]:
        """A new reader, until `leave`. changed: see DroppingQueue; it must neither wait nor ask
        anything of this Broadcast."""
        queue: DroppingQueue[T] = DroppingQueue(self.depth, changed)
        with self._lock:
            for value in self._newest:
                queue.put(value)
            self._readers.add(queue)
            if self._closed:
                queue.close()
        return queue

    def leave(self, queue: DroppingQueue[T]) -> None:
        with self._lock:
            if queue in self._readers:
                self._readers.remove(queue)
                self._dropped += queue.dropped

    def close(self) -> None:
        """Every reader may take what waits for it, and then there is no more."""
        with self._lock:
            self._closed = True
            for reader in self._readers:
                reader.close()

    @property
    def readers(self) -> int:
        """How many read."""
        with self._lock:
            return len(self._readers)

    @property
    def dropped(self) -> int:
        """Values that readers were too slow for, summed over all there have been."""
        with self._lock:
            return self._dropped + sum(reader.dropped for reader in self._readers)
