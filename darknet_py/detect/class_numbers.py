"""-skipclasses of Hank.ai's program: results without the boxes of some classes."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Set
from typing import TYPE_CHECKING

from darknet_py.errors import DarknetError

if TYPE_CHECKING:
    from darknet_py.detect.result import Result

RANGE = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?")


def class_numbers(text: str) -> frozenset[int]:
    """The classes of a list such as 2,5-8; raises DarknetError for one that is none."""
    found: set[int] = set()
    for word in text.replace(",", " ").split():
        match = RANGE.fullmatch(word)
        if match is None:
            message = f"read '{word}', expected class numbers such as 2,5-8"
            raise DarknetError(f"-skipclasses {text}: {message}")
        first, last = match.group(1), match.group(2) or match.group(1)
        found.update(range(int(first), int(last) + 1))
    return frozenset(found)


def without(results: Iterable[Result], skipped: Set[int]) -> Iterator[Result]:
    """The results without the boxes whose most confident class is skipped.

    A box that has other classes too goes with them, as in Hank.ai's program.
    """
    for result in results:
        yield dataclasses.replace(result, boxes=result.boxes.select(_kept(result, skipped)))


def _kept(result: Result, skipped: Set[int]) -> list[int]:
    """Rows of the boxes that stay."""
    boxes = result.boxes
    gone = {
        int(boxes.box[row])
        for row in result.best(hidden=True)
        if int(boxes.class_id[row]) in skipped
    }
    return [row for row in range(len(result)) if int(boxes.box[row]) not in gone]
