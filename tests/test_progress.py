"""How far a long run has come."""

from __future__ import annotations

import io

import pytest

from darknet_py import progress
from darknet_py.progress import counted, follow, transferred, unseen


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_items_pass_and_short_runs_say_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(follow("abc", 3, "train")) == ["a", "b", "c"]
    assert capsys.readouterr() == ("", "")


def test_lines_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter(range(0, 1000, 4))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    assert list(follow(range(7), 7, "valid")) == list(range(7))
    # A step takes 4 seconds, a line comes after 10; the last one would say nothing new.
    lines = ["valid: 3 of 7, about 16 s left", "valid: 6 of 7, about 4 s left"]
    out, err = capsys.readouterr()
    assert (out, err.splitlines()) == ("", lines)


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    assert list(follow(range(4), 4, "train")) == [0, 1, 2, 3]
    assert "train" in terminal.getvalue()
    assert "4/4" in terminal.getvalue()


def test_what_passes_by_the_dozen(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter(range(0, 1000, 5))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    with counted(100, "valid") as passed:
        for count in (10, 20, 10, 40, 20):
            passed(count)
    # A step takes 5 seconds, a line comes after 10; the last one would say nothing new.
    lines = ["valid: 30 of 100, 3.0/s, about 23 s left", "valid: 80 of 100, 4.0/s, about 5 s left"]
    out, err = capsys.readouterr()
    assert (out, err.splitlines()) == ("", lines)


def test_a_bar_with_its_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    now = iter(range(0, 1000, 2))
    monkeypatch.setattr("click._termui_impl.time.time", lambda: next(now))
    with counted(40, "valid") as passed:
        for _ in range(4):
            passed(10)
    assert "valid" in terminal.getvalue() and "40/40" in terminal.getvalue()
    assert "/s" in terminal.getvalue()


def test_bytes_are_shown_as_megabytes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter(range(0, 1000, 5))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    with transferred(24_251_276, "a.weights") as passed:
        for _ in range(4):
            passed(4_000_000)
    lines = [
        "a.weights: 8.0 of 24.3 MB, 0.8 MB/s, about 20 s left",
        "a.weights: 16.0 of 24.3 MB, 0.8 MB/s, about 10 s left",
    ]
    out, err = capsys.readouterr()
    assert (out, err.splitlines()) == ("", lines)


def test_a_bar_of_megabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with transferred(3_000_000, "a.weights") as passed:
        passed(1_500_000)
        passed(1_500_000)
    assert "a.weights" in terminal.getvalue() and "1.5 of 3.0 MB" in terminal.getvalue()


def test_unseen_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(unseen(iter("abc"), 3, "x")) == ["a", "b", "c"]
    assert capsys.readouterr() == ("", "")
