"""Darknet's count of the images of an evaluation, which it reads in steps of four threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from darknet_py.network.darknet_lines import Said, say

THREADS = 4


@contextmanager
def image_counter(total: int, text: str) -> Iterator[Callable[[int], object]]:
    """A function to be told how many more have passed; stderr shows each step.

    text: of a step, a format of the number, which ends at the first step behind `total`.
    """
    step = min(THREADS, max(1, total))
    passed = shown = 0

    def count(more: int) -> None:
        nonlocal passed, shown
        passed += more
        reached = passed if passed < total else total + step - 1
        while shown + step <= reached:
            shown += step
            say([Said(text.format(shown), on_stderr=True)])

    yield count
