"""The first signal asks for the end, the second gets its usual way."""

from __future__ import annotations

import signal
import threading

import pytest

from darknet_py import signals
from darknet_py.signals import SIGNALS, StopSignal, child_signals_held


def test_a_signal_is_noted_and_the_handlers_are_given_back() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    with StopSignal() as stop:
        assert stop.received == 0
        assert [signal.getsignal(number) for number in SIGNALS] != before
        signal.raise_signal(signal.SIGTERM)
        assert stop.received == signal.SIGTERM
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_a_signal_that_timeout_sends_twice_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with StopSignal() as stop:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        assert stop.received == signal.SIGINT
        # Of another kind: a terminal that is closed, then the end of the session.
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGHUP)
        assert stop.received == signal.SIGINT
        monkeypatch.setattr(signals, "TWICE", 0.0)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with StopSignal() as stop:
            signal.raise_signal(signal.SIGHUP)
            assert stop.received == 0
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_workers_death_is_told_after_the_update() -> None:
    told: list[str] = []

    def fail(number: int, frame: object) -> None:
        told.append("handler")
        raise RuntimeError("DataLoader worker is killed")

    before = signal.signal(signal.SIGCHLD, fail)
    try:
        with pytest.raises(RuntimeError, match="is killed"), child_signals_held():
            signal.raise_signal(signal.SIGCHLD)
            told.append("update")
        assert told == ["update", "handler"]
        assert signal.getsignal(signal.SIGCHLD) is fail
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_other_threads_leave_the_handlers_alone() -> None:
    seen: list[object] = []

    def run() -> None:
        with StopSignal() as stop:
            seen.extend([signal.getsignal(signal.SIGTERM), stop.before])

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGTERM), {}]


def test_the_first_signal_wakes_up_what_is_waited_for() -> None:
    called: list[str] = []
    woken = threading.Event()

    def wake() -> None:
        called.append(threading.current_thread().name)
        woken.set()

    with StopSignal(then=wake) as stop:
        signal.raise_signal(signal.SIGTERM)
        assert woken.wait(30)
        signal.raise_signal(signal.SIGTERM)  # within a second: the same one
    assert (stop.received, called) == (signal.SIGTERM, ["stop"])
