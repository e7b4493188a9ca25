"""How images are put together for a network: how many at once, by how many threads."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from darknet_py.detect.command_start import FOLDER_BATCH, SMALL, operations, usual_batch
from darknet_py.detect.detector import Detector
from darknet_py.detect.pipeline import PipelineOptions


@dataclass(frozen=True)
class BatchPlan:
    """sizes: of batches, ascending from 1: an engine makes a program for each, and keeps few.
    workers: threads that each run a batch. threads: of torch's own that images may have which run
    alone, descending; the last is that of a batch. spread: images go to as many workers as are
    free, as each has a core of its own. ahead: images that are decoded before they are wanted.
    """

    sizes: tuple[int, ...]
    workers: int
    threads: tuple[int, ...]
    spread: bool
    ahead: int

    @staticmethod
    def of(detector: Detector, batch: int | None) -> BatchPlan:
        """batch: at most so many at once; None as `detect` does with many images."""
        graph, engine = detector.graph, detector.engine
        batch = batch or usual_batch(graph, FOLDER_BATCH + 1)
        pool = detector.pipeline(PipelineOptions(batch=batch)).workers(None)
        spread = engine.parallel and engine.device.type == "cpu"
        share, every = max(1, pool.threads), torch.get_num_threads()
        if not spread or operations(graph) < SMALL:
            return BatchPlan(steps(batch), pool.workers, (share,), spread, pool.ahead)
        threads = tuple(sorted({every, math.isqrt(every), share}, reverse=True))
        sizes = tuple(sorted({1, batch}))
        return BatchPlan(sizes, pool.workers, threads, spread, pool.ahead)

    @property
    def programs(self) -> list[tuple[int, int]]:
        """Size and torch's threads of each kind of batch there will be, in the order in which an
        engine that pads a batch for want of a program should make them."""
        alone = [(1, count) for count in self.threads]
        return alone + [(size, self.threads[-1]) for size in self.sizes if size > 1]

    def size(self, most: int) -> int:
        """Of the largest batch of at most so many images, at least 1."""
        return max(size for size in self.sizes if size <= max(1, most))

    def threads_for(self, size: int, active: int) -> int:
        """Of torch's threads for a batch of this size while so many workers are active."""
        if size > 1:
            return self.threads[-1]
        fitting = (count for count in self.threads if count * active <= self.threads[0])
        return next(fitting, self.threads[-1])


def steps(batch: int) -> tuple[int, ...]:
    """Each as many times the one before: what is ready fills more than half of a batch mostly."""
    return tuple(sorted({1, math.isqrt(batch), batch}))
