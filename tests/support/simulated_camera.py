"""A camera that is none: frames that come when they would, failures when they are told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from darknet_py.errors import ImageError

WIDTH, HEIGHT = 16, 8


class SimulatedCamera:
    """One opening of a camera: frame k holds k in all its bytes, and is there at k / fps seconds.

    frames: after so many it stops, None: never. fps: None gives frames as fast as they are taken.
    broken: numbers of frames that cannot be decoded. taken: set by each grab.
    """

    def __init__(
        self,
        frames: int | None = None,
        fps: float | None = None,
        first: int = 0,
        broken: frozenset[int] = frozenset(),
        properties: dict[int, float] | None = None,
    ) -> None:
        self.frames, self.fps, self.number, self.broken = frames, fps, first - 1, broken
        self.last = None if frames is None else first + frames - 1
        self.first, self.start = first, time.monotonic()
        self.properties = properties or {}
        self.released = threading.Event()

    def grab(self) -> bool:
        assert not self.released.is_set(), "grabbed after the release"
        if self.number == self.last:
            return False
        self.number += 1
        if self.fps:
            due = self.start + (self.number - self.first) / self.fps
            time.sleep(max(0.0, due - time.monotonic()))
        return True

    def retrieve(self) -> tuple[bool, npt.NDArray[Any]]:
        if self.number in self.broken:
            return False, np.zeros(0, np.uint8)
        return True, np.full((HEIGHT, WIDTH, 3), self.number % 251, np.uint8)

    def get(self, prop: int, /) -> float:
        return self.properties.get(prop, 0.0)

    def release(self) -> None:
        self.released.set()


class Openings:
    """Opens one camera after the other; None is a try that fails, and so is one after the last."""

    def __init__(self, *cameras: SimulatedCamera | None) -> None:
        self.cameras = list(cameras)
        self.left: Iterator[SimulatedCamera | None] = iter(cameras)
        self.tries = 0

    def __call__(self) -> SimulatedCamera:
        self.tries += 1
        camera = next(self.left, None)
        if camera is None:
            raise ImageError("the camera is not there")
        camera.start = time.monotonic()
        return camera


def wait_until(there: Callable[[], object], seconds: float = 20.0) -> None:
    """Waits for something that another thread does."""
    end = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.002)
