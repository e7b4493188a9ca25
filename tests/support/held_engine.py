"""An engine that waits inside for as long as a test wants, and notes what it was called with."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from darknet_py import Detector


class HeldEngine:
    """The engine of `detector`, which it takes the place of while it is held."""

    def __init__(self, detector: Detector) -> None:
        self._engine: Any = detector.engine
        self.free = threading.Event()
        self.entered = threading.Semaphore(0)
        self.sizes: list[int] = []
        self.threads: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def __call__(self, x: torch.Tensor) -> list[torch.Tensor]:
        self.sizes.append(len(x))
        self.threads.append(torch.get_num_threads())
        self.entered.release()
        assert self.free.wait(30), "nobody has let it go"
        heads: list[torch.Tensor] = self._engine(x)
        return heads


@contextmanager
def held(detector: Detector) -> Iterator[HeldEngine]:
    """The engine is free again afterwards."""
    engine = HeldEngine(detector)
    timed: Any = detector._timed_engine
    before = timed.engine
    timed.engine = engine
    try:
        yield engine
    finally:
        engine.free.set()
        timed.engine = before
