"""Batches of pictures through an engine, side by side, in the order they came.

On a CPU several batches run at once, each on a core of its own: threads that share one batch wait
for each other after every layer, and on a machine with other work they wait long.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TypeVar

import torch
from torch import Tensor

from darknet_py.engines.base import Engine
from darknet_py.opening import pictures_in_memory

S = TypeVar("S")
T = TypeVar("T")

SWITCH_SECONDS = 5e-5
"""Between torch's operations a worker needs the interpreter again a hundred times a picture. By
default it waits up to 5 ms each time that a thread which reads or draws is using it."""
TURN_TAKERS = 2
"""One prepares a batch and looks for boxes in the last, while the other's is in the engine."""


class Gate:
    """An engine that several threads call: all at once if it is made for that, else in turn."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._turn = nullcontext() if engine.parallel else threading.Lock()

    def __reduce__(self) -> tuple[type[Gate], tuple[Engine]]:
        """A copy has a lock of its own."""
        return Gate, (self.engine,)

    def __call__(self, x: Tensor) -> tuple[list[Tensor], float]:
        """The heads for x (N, C, H, W) and the seconds they took, without those of waiting.

        Nor do those count that the engine takes to make itself ready for a new N.
        """
        with self._turn:
            self.engine.prepare(len(x))
            start = time.perf_counter()
            heads = self.engine(x)
            return heads, time.perf_counter() - start


@dataclass(frozen=True)
class Crew:
    """workers: threads that each take `batch` pictures at once, with `threads` of torch's own."""

    workers: int
    batch: int
    threads: int

    @staticmethod
    def of(engine: Engine, batch: int, total: int) -> Crew:
        """The crew for `total` pictures: no more of them at once than fit into memory."""
        threads = torch.get_num_threads()
        if engine.device.type != "cpu" or not engine.parallel:
            return Crew(min(TURN_TAKERS, max(1, -(-total // batch))), batch, threads)
        fitting = pictures_in_memory(engine.graph) // batch
        workers = max(1, min(threads, total, fitting))
        return Crew(workers, min(batch, max(1, -(-total // workers))), threads // workers)

    def run(self, work: Callable[[int, list[S]], T], sources: Iterable[S]) -> Iterator[T]:
        """What `work` gives for the number of the first source of each batch and the batch.

        In order; as many batches wait for the caller as are at work. An error is raised when its
        turn comes. Threads end with the iteration, also when that is cut short.
        """
        threads, interval = torch.get_num_threads(), sys.getswitchinterval()
        starting = partial(torch.set_num_threads, max(1, self.threads))
        pool = ThreadPoolExecutor(self.workers, "crew", initializer=starting)
        sys.setswitchinterval(min(interval, SWITCH_SECONDS))
        try:
            yield from self._in_order(lambda *batch: pool.submit(work, *batch), iter(sources))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            sys.setswitchinterval(interval)
            # What a worker sets holds for itself, and for threads that are started later.
            torch.set_num_threads(threads)

    def _in_order(
        self, submit: Callable[[int, list[S]], Future[T]], sources: Iterator[S]
    ) -> Iterator[T]:
        running: deque[Future[T]] = deque()
        first = 0
        while group := list(islice(sources, self.batch)):
            running.append(submit(first, group))
            first += len(group)
            if len(running) > 2 * self.workers:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
