"""Ctrl-C, SIGTERM, SIGHUP: long work ends after the step it is at, with all of it saved."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
SIGNALS = tuple(getattr(signal, name) for name in NAMES if hasattr(signal, name))
"""Windows has no SIGHUP."""


SIGNALLED = 128
"""What a shell adds to the number of the signal that ended a program."""
TWICE = 1.0
"""Seconds within which a signal that comes again is the same one: `timeout` sends it to the process
and to its group."""


@dataclass
class StopSignal:
    """As a context: a signal asks for the end; when it is sent once more it gets its usual way.

    What the process was told to ignore, as `nohup` does with SIGHUP, stays ignored. received: the
    first signal. times: when each of them came. then: called by a thread of its own at the first,
    to wake up what is being waited for.
    """

    received: int = 0
    before: dict[int, Any] = field(default_factory=dict)
    times: dict[int, float] = field(default_factory=dict)
    then: Callable[[], object] | None = None

    def __enter__(self) -> StopSignal:
        # Only the main thread may set handlers; from another one training runs without.
        if threading.current_thread() is threading.main_thread():
            heard = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
            self.before = {number: signal.signal(number, self._ask) for number in heard}
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if not self.received and self.then is not None:
            # The main thread may be holding what it needs.
            threading.Thread(target=self.then, name="stop", daemon=True).start()
        self.received = self.received or number
        now = time.monotonic()
        if now - self.times.setdefault(number, now) > TWICE:
            self._restore()
            signal.raise_signal(number)

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
