"""How many frames a second go out, as AlexeyAB's `demo` reckons."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

MEAN_SECONDS = 3.0
"""After which the mean rate is reckoned anew."""
KEPT = 0.9
"""Share of the former ones in the running mean of the seconds between frames. AlexeyAB's program
smooths the rates themselves: of frames that several workers bring in bursts that would be far too
many."""


@dataclass
class FrameRate:
    """mean: frames a second of the last full MEAN_SECONDS, 0 before they are over."""

    clock: Callable[[], float] = time.perf_counter
    mean: float = 0.0
    _seconds: float | None = None
    _before: float = field(init=False)
    _since: float = field(init=False)
    _frames: int = 0

    def __post_init__(self) -> None:
        self._before = self._since = self.clock()

    @property
    def running(self) -> float:
        """Frames a second, smoothed; 0 before the first."""
        return 1 / self._seconds if self._seconds else 0.0

    def count(self) -> None:
        """One more frame is out."""
        now = self.clock()
        passed = now - self._before
        former = passed if self._seconds is None else self._seconds
        self._seconds, self._before = KEPT * former + (1 - KEPT) * passed, now
        self._frames += 1
        if now - self._since >= MEAN_SECONDS:
            self.mean = self._frames / (now - self._since)
            self._since, self._frames = now, 0
