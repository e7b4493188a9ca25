"""What several processes make of their shares of a list, brought together in the list's order."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from darknet_py.distributed.context import DistributedContext

T = TypeVar("T")
Numbered = tuple[int, T]
"""A thing, and its number in the list or that of its first item."""

ROUND_SECONDS = 0.5
"""After which processes hand over what they have: seldom enough to cost nothing, and often enough
for somebody who looks on."""


def in_list_order(items: Iterable[Numbered[T]], context: DistributedContext) -> Iterator[T]:
    """In the first process the things of all of them by their numbers; in the others nothing.

    items: this process's, by rising numbers, none of which another process has. All processes must
    ask until the end. Each hands over what it has now and then, so that none holds much; one that
    is done waits for the others. Raises DarknetError where another process has ended.
    """
    if context.world == 1:
        yield from (thing for _, thing in items)
        return
    merged = _Merged[T](context.world)
    for parts in _rounds(iter(items), context):
        yield from merged.add(parts)


Part = tuple[list[Numbered[T]], bool]
"""What a process hands over, and whether that is all."""


def _rounds(items: Iterator[Numbered[T]], context: DistributedContext) -> Iterator[list[Part[T]]]:
    """What every process hands over, time after time until all are done."""
    ended = False
    while not ended:
        part = _taken(items)
        yield context.at_first(part)
        ended = all(context.of_all(part[1]))


def _taken(items: Iterator[Numbered[T]]) -> Part[T]:
    """At least one more, and those of half a second."""
    until = time.monotonic() + ROUND_SECONDS
    taken: list[Numbered[T]] = []
    for item in items:
        taken.append(item)
        if time.monotonic() > until:
            return taken, False
    return taken, True


class _Merged(Generic[T]):
    """Sorted rows of several processes, of which each comes bit by bit."""

    def __init__(self, world: int) -> None:
        self._waiting = [deque[Numbered[T]]() for _ in range(world)]

    def add(self, parts: list[Part[T]]) -> Iterator[T]:
        """What comes next in the list, as far as that is sure: who is not done yet may have it."""
        for waiting, (items, _) in zip(self._waiting, parts, strict=False):
            waiting.extend(items)
        going_on = [
            waiting for waiting, (_, ended) in zip(self._waiting, parts, strict=False) if not ended
        ]
        while all(going_on) and any(self._waiting):
            first = min(filter(None, self._waiting), key=lambda waiting: waiting[0][0])
            yield first.popleft()[1]
