"""A colour for each class name."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable

from darknet_py.compat.dialects import present_dialect

Color = tuple[int, int, int]


def class_colors(names: Iterable[str], *, dialect: str | None = None) -> dict[str, Color]:
    """name -> blue, green, red of 0 to 255.

    AlexeyAB's come from Python's `random`, which a script may seed; hank-ai's from the names, the
    same in every run.
    """
    hashed = present_dialect(dialect).hashed_colors
    return {name: _hashed(name) if hashed else _random() for name in names}


def _random() -> Color:
    return random.randint(0, 255), random.randint(0, 255), random.randint(0, 255)


def _hashed(name: str) -> Color:
    """The first three bytes of the name's MD5."""
    first, second, third = hashlib.md5(name.encode(), usedforsecurity=False).digest()[:3]
    return first, second, third
