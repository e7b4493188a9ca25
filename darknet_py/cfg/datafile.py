"""`.data` files: key=value lines without sections."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from darknet_py.cfg.options import atoi
from darknet_py.cfg.text import (
    Option,
    Section,
    meaningful_lines,
    read_option,
    report_duplicates,
)
from darknet_py.cfg.text_file import read_text
from darknet_py.errors import DataError, Location, Problems

logger = logging.getLogger(__name__)

MOST = 1_000_000
"""Of the classes, or the best classes, that a .data file counts; lists are as long."""
CFG_STARTS = ("[net]", "[network]")
FOREIGN = (".zip", ".yaml", ".yml", ".json", ".csv")
"""Suffixes of data sets of other programs, which `interchange` makes a .data file of."""


@dataclass(frozen=True)
class DataFile:
    """The options of a `.data` file; the first value of a key counts, as in a cfg.

    lines: of each key, the line whose value counts. names: class names where none are named by
    names=, of data that is built in.
    """

    path: str
    options: dict[str, str]
    lines: Mapping[str, int] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    def location(self, key: str) -> Location:
        """Where the key is written."""
        return Location(self.path, self.lines.get(key, 0), key=key)

    def integer(self, key: str, default: int) -> int:
        """Raises DataError for one that would take more memory than any use of it is worth."""
        value = atoi(self.options[key]) if key in self.options else default
        if value > MOST:
            raise DataError(f"read {value}, expected at most {MOST}", self.location(key))
        return value

    def file(self, key: str) -> Path | None:
        """The file a key names: relative to the working directory as in Darknet, else here."""
        value = self.options.get(key)
        if value is None:
            return None
        here = Path(value)
        folder = Path(self.path).parent
        beside = [folder / here, folder.parent / here]
        return next((path for path in (here, *beside) if os.path.exists(path)), here)


def is_foreign(path: str) -> bool:
    """Whether a path in the place of a .data file means a data set of another layout."""
    return os.path.isdir(path) or path.lower().endswith(FOREIGN)


def read_data_file(path: str | os.PathLike[str], problems: Problems | None = None) -> DataFile:
    """Reads a `.data` file by the grammar of a cfg, whose lines stand before any section.

    What is wrong with a line goes to `problems`, without them to the log. Raises DataError for a
    file that cannot be one.
    """
    if problems is None:
        data = read_data_file(path, problems := Problems())
        for notice in problems.notices:
            logger.warning("%s: %s", notice.location, notice.message)
        return data
    section = _only_section(os.fspath(path), problems)
    report_duplicates(section, problems)
    # Of a key without '=' the default is used whatever comes later, as in a cfg.
    first = {option.key: option for option in reversed(section.options)}
    options = {key: option.value for key, option in first.items() if option.value is not None}
    return DataFile(section.path, options, {key: first[key].line for key in options})


def _only_section(path: str, problems: Problems) -> Section:
    options: list[Option] = []
    for number, line in meaningful_lines(read_text(path, "a .data", DataError, paths=True)):
        location = Location(path, number)
        if line in CFG_STARTS:
            message = f"read '{line}': is a cfg, expected a .data file; are the two swapped?"
            raise DataError(message, location)
        options.extend(read_option(line, location, problems))
    if options and all(option.value is None for option in options):
        message = f"read '{options[0].key[:40]}', expected key=value (is this a .data file?)"
        raise DataError(message, Location(path, options[0].line))
    return Section("", path, 0, tuple(options))


def required_file(data: DataFile, key: str) -> Path:
    """The file a key of a .data file names; raises DataError when it has no such key."""
    path = data.file(key)
    if path is None:
        raise DataError(f"has no {key}= line, which says where to look", Location(data.path))
    return path
