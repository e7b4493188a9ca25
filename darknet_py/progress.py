"""How far a long run has come, on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
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


def _with_lines(items: Iterable[T], total: int, label: str) -> Iterator[T]:
    start = said = time.monotonic()
    for count, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if now - said >= SECONDS and count < total:
            said = now
            left = (now - start) / count * (total - count)
            click.echo(f"{label}: {count} of {total}, about {left:.0f} s left", err=True)
