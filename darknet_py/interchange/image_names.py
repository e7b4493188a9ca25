"""What images are called where they are put side by side: as they were, if that can be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count

from darknet_py.interchange.file_tree import StoredFile
from darknet_py.interchange.left_out import LeftOut

LONGEST = 150
"""Letters of a name; most systems allow 255 bytes of it."""
REFUSED = frozenset('<>:"/\\|?*')
"""Signs that some system has no files with."""


class ImageNames:
    """Gives names of which no two have the same stem: they would share one label file."""

    def __init__(self, left_out: LeftOut) -> None:
        self._taken: set[str] = set()
        self._left_out = left_out

    def take(self, file: StoredFile) -> str:
        """A name for an image, which nobody else gets."""
        stem, suffix = os.path.splitext(file.base)
        plain = "".join("_" if _is_refused(sign) else sign for sign in stem)[:LONGEST].strip(" .")
        name = next(name for name in _tried(plain or "image") if name.lower() not in self._taken)
        self._taken.add(name.lower())
        if name != stem:
            self._left_out.add("renamed", f"{file} is {name}{suffix}")
        return name + suffix


def _is_refused(sign: str) -> bool:
    return sign in REFUSED or not sign.isprintable()


def _tried(stem: str) -> Iterator[str]:
    yield stem
    yield from (f"{stem}-{number}" for number in count(2))
