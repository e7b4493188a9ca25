"""Two functions on lists of numbers that darknet.py has always had."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any


def c_array(ctype: Any, values: Sequence[Any]) -> Any:
    """A C array of this type with these values."""
    return (ctype * len(values))(*values)


def sample(probs: Sequence[float]) -> int:
    """The number of one of these weights, drawn by them with Python's `random`."""
    left = random.uniform(0, 1)
    total = sum(probs)
    for number, share in enumerate(probs):
        left -= share / total
        if left <= 0:
            return number
    return len(probs) - 1
