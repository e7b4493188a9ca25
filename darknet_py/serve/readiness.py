"""Whether the networks answer, learnt from what becomes of their images."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass

from darknet_py.errors import DataError
from darknet_py.serve.batching import Inference
from darknet_py.serve.refusal import Refusal

MOST_FAILURES = 3
"""Images in a row that a network may fail at before it is said to be broken."""


@dataclass
class NetworkState:
    """answered: some image. failures: in a row, up to now. error: of the last one. trying: an image
    of our own is on its way."""

    answered: bool = False
    failures: int = 0
    error: str = ""
    trying: bool = False

    @property
    def trouble(self) -> str:
        """Why it is not ready; "" if it is."""
        if self.failures and (not self.answered or self.failures >= MOST_FAILURES):
            return f"failed at its last images ({self.failures}): {self.error}"
        return "" if self.answered else "has not answered its first image yet"


class Readiness:
    """Of the networks with these names. May be called from any thread."""

    def __init__(self, names: Iterable[str]) -> None:
        self._lock = threading.Lock()
        self._states = {name: NetworkState() for name in names}

    def image(self, name: str, future: Future[Inference]) -> None:
        """One was taken in; what becomes of it tells how the network is."""
        future.add_done_callback(lambda done: self._image_done(name, done))

    def _image_done(self, name: str, future: Future[Inference]) -> None:
        if future.cancelled():
            return
        error = future.exception()
        if isinstance(error, (DataError, Refusal)):  # the request's fault
            return
        with self._lock:
            state = self._states[name]
            state.answered |= error is None
            state.failures = state.failures + 1 if error else 0
            state.error = f"{type(error).__name__}: {error}".partition("\n")[0][:200]

    def troubles(self) -> dict[str, str]:
        """Name -> why, of the networks that are not ready."""
        with self._lock:
            return {name: state.trouble for name, state in self._states.items() if state.trouble}

    def begin_trial(self, name: str) -> bool:
        """Whether an image of our own should be sent now; then `end_trial` must follow."""
        with self._lock:
            state = self._states[name]
            begins = bool(state.trouble) and not state.trying
            state.trying |= begins
            return begins

    def end_trial(self, name: str) -> None:
        with self._lock:
            self._states[name].trying = False
