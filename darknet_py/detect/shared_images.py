"""The images of `detect` among several processes: each draws its own, the first tells of all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from darknet_py.detect.result import Result
from darknet_py.distributed.context import DistributedContext
from darknet_py.distributed.list_order import in_list_order

NO_PIXELS = np.zeros((0, 0, 3), np.uint8)


def told_in_order(
    results: Iterable[Result],
    numbers: Sequence[int],
    write: Callable[[int, Result], object],
    names: Sequence[str],
    context: DistributedContext,
) -> Iterator[Result]:
    """The results of all processes in the order of the list, for the first one to tell of.

    results: of this process's images; `numbers` are those of the list by a result's `frame`.
    write: called here with the number and the result of each, which goes on without its pixels.
    """
    for result in in_list_order(_written(results, numbers, write), context):
        yield replace(result, names=names)


def _written(
    results: Iterable[Result], numbers: Sequence[int], write: Callable[[int, Result], object]
) -> Iterator[tuple[int, Result]]:
    for result in results:
        number = numbers[result.frame]
        write(number, result)
        yield number, replace(result, image=NO_PIXELS, names=(), frame=number)
