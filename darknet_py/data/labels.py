"""Label files, read as the C programs read them: `class x y w h`, again and again."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import numpy as np

from darknet_py.augment.label_rules import LabelTable
from darknet_py.cfg.options import atof
from darknet_py.errors import DataError, Location

COLUMNS = 5
INT_DIGITS, LONG_DIGITS = 10, 40
PLAIN = b"0123456789.eE+- \t\n\v\f\r"
"""All that the numbers of most label files are made of."""
_INTEGER = re.compile(rb"\s*([+-]?\d+)")
# scanf swallows an exponent that breaks off (1e+) and takes what is before it.
_HEX = rb"0x(?:[0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)(?:p[+-]?\d*)?"
_DECIMAL = rb"(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d*)?"
_FLOAT = re.compile(rb"\s*([+-]?(?:" + _HEX + rb"|" + _DECIMAL + rb"|inf(?:inity)?|nan))", re.I)
_UNFINISHED = {b"0": b"x", b"inf": b"i"}
"""A number, and what behind it shows scanf the start of another one that it then gives up."""


def read_labels(path: str | os.PathLike[str]) -> LabelTable:
    """The labels of one image, float32 (K, 5): class, and x y w h of the box, not yet checked.

    The rule is that of C's scanf("%d %f %f %f %f"): line breaks count as blanks, and reading
    stops without a word at the first number that cannot be read; `class 1.5` gives class 1 and
    x = .5.  No file means no labels.

    Raises DataError for a file that is there and cannot be opened.
    """
    try:
        with open(path, "rb", buffering=0) as file:
            text: bytes = file.read()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return np.zeros((0, COLUMNS), np.float32)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", Location(os.fspath(path))) from None
    return parse_labels(text)


def parse_labels(text: bytes) -> LabelTable:
    """The labels (K, 5) in the text of a label file; see `read_labels`."""
    with np.errstate(over="ignore"):  # 1e99 is inf in C's float, too
        return np.array(_numbers(text), np.float32).reshape(-1, COLUMNS)


def is_integer(word: bytes) -> bool:
    """Whether %d reads the whole word."""
    return word.isdigit() or _INTEGER.fullmatch(word) is not None


def is_number(word: bytes) -> bool:
    """Whether %f reads the whole word; nan and inf are numbers, too."""
    return _FLOAT.fullmatch(word) is not None


def _numbers(text: bytes) -> list[float]:
    words = text.split()
    if _is_plain(text, words):
        try:
            return [*map(float, words)]
        except ValueError:  # such as 1.2.3, of which C takes 1.2 and .3
            pass
    return [number for row in _scan(text) for number in row]


def _is_plain(text: bytes, words: list[bytes]) -> bool:
    """Whole rows of plain numbers whose classes are digits: C has no rule of its own for them."""
    classes = words[::COLUMNS]
    return (
        len(words) % COLUMNS == 0
        and not text.translate(None, PLAIN)
        and all(map(bytes.isdigit, classes))
        and max(map(len, classes), default=0) < INT_DIGITS
    )


def _scan(text: bytes) -> Iterator[list[float]]:
    """Row after row until one is not whole."""
    position = 0
    while True:
        row: list[float] = []
        for pattern in (_INTEGER, *(_FLOAT,) * (COLUMNS - 1)):
            match = pattern.match(text, position)
            if not match or (row and _is_unfinished(match.group(1), text, match.end())):
                return
            position = match.end()
            word = match.group(1).decode()
            row.append(atof(word) if row else _wrapped(word))
        yield row


def _is_unfinished(number: bytes, text: bytes, end: int) -> bool:
    start = _UNFINISHED.get(number.lower().lstrip(b"+-"))
    return start is not None and text[end : end + 1].lower() == start


def _wrapped(digits: str) -> int:
    """scanf's %d: a long, of which an int keeps the lower half."""
    value = int(digits[:LONG_DIGITS])
    return (max(-(2**63), min(2**63 - 1, value)) + 2**31) % 2**32 - 2**31
