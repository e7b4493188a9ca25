"""How far a long run has come, on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

import click

T = TypeVar("T")

SECONDS = 10.0
"""Between two lines where there is no terminal."""
REDRAWS = 500
"""How often a bar is drawn at most."""


class Progress(Protocol):
    """Hands items through and shows how many of `total` have passed, as `follow` does."""

    def __call__(self, items: Iterable[T], total: int, label: str) -> Iterator[T]: ...


def follow(items: Iterable[T], total: int, label: str) -> Iterator[T]:
    """The items as they are, while stderr shows how many of `total` have passed."""
    if sys.stderr.isatty():
        steps = max(1, total // REDRAWS)
        bar = click.progressbar(
            items, total, label, show_pos=True, file=sys.stderr, update_min_steps=steps
        )
        with bar:
            yield from bar
    else:
        yield from _with_lines(items, total, label)


def unseen(items: Iterable[T], total: int, label: str) -> Iterator[T]:
    """The items as they are, and nothing is shown."""
    yield from items


def _with_lines(items: Iterable[T], total: int, label: str) -> Iterator[T]:
    start = said = time.monotonic()
    for count, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if now - said >= SECONDS and count < total:
            said = now
            left = (now - start) / count * (total - count)
            click.echo(f"{label}: {count} of {total}, about {left:.0f} s left", err=True)


@contextmanager
def counted(total: int, label: str) -> Iterator[Callable[[int], object]]:
    """A function to be told how many more have passed; stderr also shows how many a second."""
    if sys.stderr.isatty():
        bar = click.progressbar(length=total, label=label, show_pos=True, file=sys.stderr)
        bar.item_show_func = lambda _: f"{1 / bar.time_per_iteration:.1f}/s" if bar.avg else None
        with bar:
            yield bar.update
    else:
        yield _Lines(total, label).add


@contextmanager
def transferred(total: int, label: str) -> Iterator[Callable[[int], object]]:
    """The same for bytes, shown as megabytes. total: bytes that are still to come."""
    if sys.stderr.isatty():
        steps = max(1, total // REDRAWS)
        bar = click.progressbar(
            length=total, label=label, show_eta=True, file=sys.stderr, update_min_steps=steps
        )
        bar.item_show_func = lambda _: f"{bar.pos / MEGA:.1f} of {total / MEGA:.1f} MB"
        with bar:
            yield bar.update
    else:
        yield _Lines(total, label, MEGA, " MB").add


MEGA = 1e6
"""Bytes of a megabyte."""


class _Lines:
    """A line every SECONDS, of what has passed, the rate and the time left.

    scale: how many make one of `unit`.
    """

    def __init__(self, total: int, label: str, scale: float = 1, unit: str = "") -> None:
        self.total, self.label, self.passed = total, label, 0
        self.scale, self.unit, self.digits = scale, unit, 1 if unit else 0
        self.start = self.said = time.monotonic()

    def add(self, count: int) -> None:
        self.passed += count
        now = time.monotonic()
        if now - self.said >= SECONDS and self.passed < self.total:
            self.said = now
            rate = self.passed / (now - self.start)
            left = (self.total - self.passed) / rate
            words = f"{self._shown(self.passed)} of {self._shown(self.total)}{self.unit}"
            words += f", {rate / self.scale:.1f}{self.unit}/s, about {left:.0f} s left"
            click.echo(f"{self.label}: {words}", err=True)

    def _shown(self, count: int) -> str:
        return f"{count / self.scale:.{self.digits}f}"
