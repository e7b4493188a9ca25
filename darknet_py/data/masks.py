"""Mask files: a class and the run lengths of a mask, again and again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from darknet_py.augment.pixels import Pixels
from darknet_py.errors import ImageError, Location

MOST_BYTES = 64 << 20
MOST_ROWS = 1000
"""Of a mask file. C reads lines of 32787 characters at most."""
MOST_DIGITS = 10


@dataclass(frozen=True)
class Mask:
    """What belongs to an object: `runs` pixels outside and inside of it in turn, row by row.

    Behind the last run it goes on with the other of the two, as in C.
    """

    class_id: int
    runs: NDArray[np.int64]

    def painted(self, width: int, height: int) -> Pixels:
        """(H, W) uint8, 1 inside."""
        rest = width * height - int(self.runs.sum())
        lengths = np.append(self.runs, rest)
        inside = np.arange(len(lengths), dtype=np.uint8) % 2
        return np.repeat(inside, lengths).reshape(height, width)


def read_masks(path: Path, width: int, height: int, classes: int) -> list[Mask]:
    """The masks of an image of this size.

    Raises ImageError, naming file and line, for a file that is not there or cannot be used.
    """
    words = _words(path)
    # fscanf("%d %s"): line ends are blanks.
    pairs = list(zip_longest(words, words))
    if len(pairs) > MOST_ROWS:
        message = f"has {len(pairs)} masks, expected at most {MOST_ROWS}"
        raise ImageError(message, Location(str(path)))
    return [_mask(path, first, second, width * height, classes) for first, second in pairs]


Word = tuple[int, bytes]
"""Its line, counted from 1, and its text."""


def _words(path: Path) -> Iterator[Word]:
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as failure:
        message = f"cannot be read: {getattr(failure, 'strerror', None) or failure}"
        raise ImageError(
            f"{message}; expected the masks of an image", Location(str(path))
        ) from None
    if len(text) > MOST_BYTES:
        message = f"is larger than {MOST_BYTES >> 20} MB, expected the masks of one image"
        raise ImageError(message, Location(str(path)))
    lines = enumerate(text.splitlines(), start=1)
    return ((number, word) for number, line in lines for word in line.split())


def _mask(path: Path, first: Word, second: Word | None, pixels: int, classes: int) -> Mask:
    line, word = first
    location = Location(str(path), line)
    if not word.isdigit() or len(word) > MOST_DIGITS or int(word) >= classes:
        expected = f"a class from 0 to {classes - 1}"
        raise ImageError(f"read '{_shown(word)}', expected {expected}", location)
    if second is None:
        raise ImageError(f"class {int(word)} has no run lengths behind it", location)
    return Mask(int(word), _runs(second[1], pixels, Location(str(path), second[0])))


def _runs(word: bytes, pixels: int, location: Location) -> NDArray[np.int64]:
    """An empty one is 0, as in C."""
    parts = word.split(b",")
    bad = [part for part in parts if part and not (part.isdigit() and len(part) <= MOST_DIGITS)]
    if bad:
        expected = "run lengths with commas between them"
        raise ImageError(f"read '{_shown(bad[0])}', expected {expected}", location)
    runs = np.array([int(part or 0) for part in parts], np.int64)
    if runs.sum() > pixels:
        message = f"runs of {runs.sum()} pixels, the image has {pixels}"
        raise ImageError(f"{message}; is it the mask of another image?", location)
    return runs


def _shown(word: bytes) -> str:
    return word[:40].decode("ascii", "replace")
