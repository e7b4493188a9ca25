"""Ctrl-C, SIGTERM, SIGHUP: a training saves and ends after the update it is at."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
SIGNALS = tuple(getattr(signal, name) for name in NAMES if hasattr(signal, name))
"""Windows has no SIGHUP."""


@dataclass
class StopSignal:
    """As a context: the first signal asks for the end, a second one gets its usual way.

    What the process was told to ignore, as `nohup` does with SIGHUP, stays ignored.
    """

    received: int = 0
    before: dict[int, Any] = field(default_factory=dict)

    def __enter__(self) -> StopSignal:
        # Only the main thread may set handlers; from another one training runs without.
        if threading.current_thread() is threading.main_thread():
            heard = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
            self.before = {number: signal.signal(number, self._ask) for number in heard}
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.received = number
        self._restore()

    def _restore(self) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)
        self.before = {}


@contextlib.contextmanager
def child_signals_held() -> Iterator[None]:
    """What torch raises from its handler when a worker process dies is raised at the end of this.

    In the middle of an update it would leave the weights moved in part.
    """
    main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGCHLD) if main and hasattr(signal, "SIGCHLD") else None
    if not callable(handler):
        yield
        return
    received: list[int] = []
    signal.signal(signal.SIGCHLD, lambda number, frame: received.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGCHLD, handler)
    if received:
        handler(signal.SIGCHLD, None)
