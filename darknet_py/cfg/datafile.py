"""`.data` files: key=value lines without sections."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from darknet_py.cfg.options import atoi
from darknet_py.cfg.text import meaningful_lines, read_text
from darknet_py.errors import DataError, Location


@dataclass(frozen=True)
class DataFile:
    """The options of a `.data` file; the first value of a key counts, as in a cfg."""

    path: str
    options: dict[str, str]

    def integer(self, key: str, default: int) -> int:
        return atoi(self.options[key]) if key in self.options else default

    def file(self, key: str) -> Path | None:
        """The file a key names: relative to the working directory as in Darknet, else here."""
        value = self.options.get(key)
        if value is None:
            return None
        here = Path(value)
        folder = Path(self.path).parent
        beside = [folder / here, folder.parent / here]
        return next((path for path in (here, *beside) if os.path.exists(path)), here)


def read_data_file(path: str | os.PathLike[str]) -> DataFile:
    """Reads a `.data` file; raises DataError with the line that is none of key=value."""
    options: dict[str, str] = {}
    for number, line in meaningful_lines(read_text(path, "a .data", DataError)):
        key, equals, value = line.partition("=")
        if not equals or not key:
            message = f"read '{line[:40]}', expected key=value (is this a .data file?)"
            raise DataError(message, Location(os.fspath(path), number))
        options.setdefault(key, value)
    return DataFile(os.fspath(path), options)


def required_file(data: DataFile, key: str) -> Path:
    """The file a key of a .data file names; raises DataError when it has no such key."""
    path = data.file(key)
    if path is None:
        raise DataError(f"has no {key}= line, which says where to look", Location(data.path))
    return path
