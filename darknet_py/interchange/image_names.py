"""What images are called where they are put side by side: as they were, if that can be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count

from darknet_py.interchange.file_tree import StoredFile
from darknet_py.interchange.labelled_set import IMAGE_FOLDERS, SPLIT_WORDS
from darknet_py.interchange.left_out import LeftOut

LONGEST = 150
"""Letters of a name; most systems allow 255 bytes of it."""
REFUSED = frozenset('<>:"/\\|?*')
"""Signs that some system has no files with."""


class ImageNames:
    """Gives names of which no two have the same stem: they would share one label file."""

    def __init__(self, left_out: LeftOut) -> None:
        self._taken: set[str] = set()
        self._numbers: dict[str, Iterator[int]] = {}
        self._left_out = left_out

    def take(self, file: StoredFile) -> str:
        """A name for an image, which nobody else gets: its own, else with its folders before it."""
        *folders, base = file.name.split("/")
        stem, suffix = os.path.splitext(base)
        tried = self._tried([plain_stem(part) for part in folders if _tells(part)], stem)
        name = next(name for name in tried if name.lower() not in self._taken)
        self._taken.add(name.lower())
        if name != stem:
            self._left_out.add("renamed", f"{file} is {name}{suffix}")
        return name + suffix

    def _tried(self, folders: list[str], stem: str) -> Iterator[str]:
        own = name = plain_stem(stem)
        yield name
        for folder in reversed(folders):
            name = f"{folder}_{name}"[-LONGEST:]
            yield name
        numbers = self._numbers.setdefault(own.lower(), count(2))
        yield from (f"{own}-{number}" for number in numbers)


def plain_stem(text: str) -> str:
    """The part of a name that every system has files with, and every list can hold."""
    plain = "".join("_" if _is_refused(sign) else sign for sign in text)
    return plain[:LONGEST].strip(" .") or "image"


def _tells(folder: str) -> bool:
    """Whether the name of a folder says more of an image than that it is one of some split."""
    return folder.lower() not in {*SPLIT_WORDS, *IMAGE_FOLDERS} and bool(folder.strip())


def _is_refused(sign: str) -> bool:
    return sign in REFUSED or not sign.isprintable()
