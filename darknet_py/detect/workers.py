"""Batches of images through an engine, side by side, in the order they came.

On a CPU several batches run at once, each on a core of its own: threads that share one batch wait
for each other after every layer, and on a machine with other work they wait long.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, TypeVar

import torch
from torch import Tensor

from darknet_py.engines.engine import Engine
from darknet_py.network.load import images_in_memory
from darknet_py.parallel import ordered_map

S = TypeVar("S")
T = TypeVar("T")

SWITCH_SECONDS = 5e-5
"""Between torch's operations a worker needs the interpreter again a hundred times an image. By
default it waits up to 5 ms each time that a thread which reads or draws is using it."""
AHEAD = 4
BATCHES_AHEAD = 2
"""Images and batches for each worker that are read before they are wanted."""
TURN_TAKERS = 2
"""One prepares a batch and looks for boxes in the last, while the other's is in the engine."""


class _AtWork:
    """While any pool is at work: threads switch often, and torch's threads are the workers'.

    Both hold for the process: the first pool notes what was, the last one, which may be of another
    thread and may have begun before the first was done, gives it back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pools, self._interval, self._threads = 0, 0.0, 0

    def __enter__(self) -> int:
        """The threads that torch has when no pool is at work."""
        with self._lock:
            if not self._pools:
                self._interval, self._threads = sys.getswitchinterval(), torch.get_num_threads()
                sys.setswitchinterval(min(self._interval, SWITCH_SECONDS))
            self._pools += 1
            return self._threads

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._pools -= 1
            if not self._pools:
                sys.setswitchinterval(self._interval)
                # What a worker sets holds for itself, and for threads that are started later.
                torch.set_num_threads(self._threads)


_AT_WORK = _AtWork()


@contextmanager
def at_work(threads: int) -> Iterator[None]:
    """A batch of a thread that is no pool's and lives on when it has none: torch with so many
    threads, and the process as for a pool, until the batch is done."""
    with _AT_WORK as usual:
        # A thread's first call takes over what another one has set, and would do so later.
        torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            yield
        finally:
            torch.set_num_threads(usual)


class TimedEngine:
    """An engine that several threads call: all at once if it is made for that, else in turn."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._turn = nullcontext() if engine.parallel else threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        """Copied and pickled without its lock: the copy has an engine of its own."""
        return type(self), (self.engine,)

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
class WorkerPool:
    """workers: threads that each take `batch` images at once, with `threads` of torch's own; 0:
    the caller's thread does it all. eager: see `ordered_map`."""

    workers: int
    batch: int
    threads: int
    eager: bool = False

    @staticmethod
    def alone() -> WorkerPool:
        """The caller's thread takes image by image, with all of torch's threads."""
        return WorkerPool(0, 1, torch.get_num_threads())

    @staticmethod
    def of(engine: Engine, batch: int, total: int | None) -> WorkerPool:
        """The pool for `total` images, None: nobody knows how many. No more of them are at work at
        once than fit into memory; for a single one threads would cost more than they could give."""
        threads = torch.get_num_threads()
        if total == 1:
            return WorkerPool(0, batch, threads)
        if engine.device.type != "cpu" or not engine.parallel:
            batches = -(-total // batch) if total else TURN_TAKERS
            return WorkerPool(min(TURN_TAKERS, batches), batch, threads)
        fitting = images_in_memory(engine.graph) // batch
        workers = max(1, min(threads, total or threads, fitting))
        share = -(-total // workers) if total else batch
        return WorkerPool(workers, min(batch, share), threads // workers)

    @property
    def ahead(self) -> int:
        """Images that are to be read before they are wanted."""
        return max(AHEAD, BATCHES_AHEAD * self.workers * self.batch)

    def run(
        self, work: Callable[[int, list[S]], T], sources: Iterable[S]
    ) -> Generator[T, None, None]:
        """What `work` gives for the number of the first source of each batch and the batch.

        In order; as many batches wait for the caller as are at work. An error is raised when its
        turn comes. Threads end with the iteration, also when that is cut short.
        """
        return self.run_batches(work, self.batches(sources))

    def run_batches(
        self, work: Callable[[int, list[S]], T], batches: Iterable[list[S]]
    ) -> Generator[T, None, None]:
        """The same for sources that have been put together already."""
        numbered = self._numbered(batches)
        if not self.workers:
            yield from (work(*batch) for batch in numbered)
            return
        with _AT_WORK:
            yield from ordered_map(
                lambda batch: work(*batch),
                numbered,
                self.workers,
                2 * self.workers,
                name="worker",
                initializer=partial(torch.set_num_threads, max(1, self.threads)),
                eager=self.eager,
            )

    def batches(self, sources: Iterable[S]) -> Iterator[list[S]]:
        """The sources, so many at once as a worker takes; each is taken when it is wanted."""
        iterator = iter(sources)
        while group := list(islice(iterator, self.batch)):
            yield group

    def _numbered(self, batches: Iterable[list[S]]) -> Iterator[tuple[int, list[S]]]:
        """The number of each batch's first source, and the batch."""
        first = 0
        for group in batches:
            yield first, group
            first += len(group)
