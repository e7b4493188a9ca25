"""The first signal asks for the end, the second gets its usual way."""

from __future__ import annotations

import signal
import threading

from darknet_py.train.signals import SIGNALS, StopSignal


def test_a_signal_is_noted_and_the_handlers_are_given_back() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    with StopSignal() as stop:
        assert stop.received == 0
        assert [signal.getsignal(number) for number in SIGNALS] != before
        signal.raise_signal(signal.SIGTERM)
        assert stop.received == signal.SIGTERM
        assert [signal.getsignal(number) for number in SIGNALS] == before
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_other_threads_leave_the_handlers_alone() -> None:
    seen: list[object] = []

    def run() -> None:
        with StopSignal() as stop:
            seen.extend([signal.getsignal(signal.SIGTERM), stop.before])

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGTERM), {}]
