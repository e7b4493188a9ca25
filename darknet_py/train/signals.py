"""Ctrl-C and SIGTERM: a training saves and ends after the update it is at."""

from __future__ import annotations

import signal
import threading
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass
class StopSignal:
    """As a context: the first signal asks for the end, a second one gets its usual way."""

    received: int = 0
    before: dict[int, Any] = field(default_factory=dict)

    def __enter__(self) -> StopSignal:
        # Only the main thread may set handlers; from another one training runs without.
        if threading.current_thread() is threading.main_thread():
            self.before = {number: signal.signal(number, self._ask) for number in SIGNALS}
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
