"""Threads in the place of processes that torchrun would start."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from darknet_py.distributed.context import DistributedContext


@dataclass
class Table:
    """Where threads lay down what processes would send."""

    world: int
    values: dict[int, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.barrier = threading.Barrier(self.world)

    def swapped(self, rank: int, value: Any) -> list[Any]:
        self.values[rank] = value
        self.barrier.wait(60)
        values = [self.values[number] for number in range(self.world)]
        self.barrier.wait(60)
        return values


@dataclass(frozen=True)
class ThreadContext(DistributedContext):
    def of_all(self, value: Any) -> list[Any]:
        return list(self.group.swapped(self.rank, value))

    def at_first(self, value: Any) -> list[Any]:
        values = self.group.swapped(self.rank, value)
        return list(values) if self.first else []

    def from_first(self, value: Any) -> Any:
        return self.group.swapped(self.rank, value)[0]


def in_threads(world: int, work: Callable[[DistributedContext], Any]) -> list[Any]:
    """What `work` gives in each; an exception is given as well."""
    table, got = Table(world), [None] * world

    def run(rank: int) -> None:
        try:
            got[rank] = work(ThreadContext(rank, world, table))
        except Exception as error:  # noqa: BLE001 - the test looks at it
            got[rank] = error  # type: ignore[call-overload]

    threads = [threading.Thread(target=run, args=(rank,)) for rank in range(world)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got
