"""Which classes are meant by names and numbers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from numbers import Integral
from typing import Any

import numpy as np

from darknet_py.errors import ArgumentError, DataError, nearest

Classes = int | str | Collection[int | str]
"""Numbers and names of classes, or one of these."""


def wanted_classes(classes: Classes | None, names: Sequence[str]) -> frozenset[int] | None:
    """The numbers that are meant; None for all classes.

    Raises ArgumentError for what is neither number nor name, DataError for one that no class has.
    """
    if classes is None:
        return None
    single = isinstance(classes, (str, Integral))
    if not single and not isinstance(classes, (Collection, np.ndarray)):
        expected = "expected numbers or names of classes, such as [0, 'dog']"
        raise ArgumentError(f"classes {classes!r:.60}: {expected}")
    words: Any = [classes] if single else classes
    return frozenset(number for word in words for number in _numbers(word, names))


def _numbers(word: Any, names: Sequence[str]) -> list[int]:
    """Of a name all classes that are called so."""
    if isinstance(word, str):
        found = [number for number, name in enumerate(names) if name == word]
        if not found:
            raise DataError(f"classes: no class is named '{word}'{nearest(word, names)}")
        return found
    if not isinstance(word, Integral) or isinstance(word, bool):
        raise ArgumentError(f"classes: {word!r:.60} is neither number nor name of a class")
    number = int(word)
    if not 0 <= number < len(names):
        last = len(names) - 1
        raise DataError(f"classes: no class has the number {number}; they go from 0 to {last}")
    return [number]
