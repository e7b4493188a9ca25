"""Darknet's grammar of `.cfg` and `.data` files: characters to lines, options and sections.

The rules are those of the C programs: every blank, tab and carriage return is deleted, also inside
values; a line is a comment only when it starts with # or ;; an option splits at its first =; a key
written twice keeps its first value.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from darknet_py.cfg.text_file import read_text
from darknet_py.errors import CfgError, Location, Problems

MAX_SECTIONS = 10_000
MAX_OPTIONS = 1_000
"""Limits against hostile files; the largest published cfg has 60 kB and 376 sections."""

_BLANKS = re.compile(r"[ \t\r]+")


@dataclass(frozen=True)
class Option:
    """`key=value` on a line; value is None for a line without `=` (the default is used)."""

    key: str
    value: str | None
    line: int


@dataclass(frozen=True)
class Section:
    """One `[name]` with its options in file order; a .data file is one without a name."""

    name: str
    path: str
    line: int
    options: tuple[Option, ...]

    def find(self, key: str) -> Option | None:
        """The first option of that key: later ones are never read, as in Darknet."""
        return next((option for option in self.options if option.key == key), None)

    def location(self, key: str = "") -> Location:
        """Where the option stands, or the section's own line when it is not written there."""
        option = self.find(key) if key else None
        return Location(self.path, option.line if option else self.line, self.name, key)


def read(path: str | os.PathLike[str], problems: Problems) -> list[Section]:
    """The sections of a cfg file; raises CfgError for a file that cannot be one."""
    return parse(read_text(path, "a cfg", CfgError), os.fspath(path), problems)


def parse(text: str, path: str, problems: Problems) -> list[Section]:
    """Sections in file order; the grammar's own complaints go to `problems`."""
    sections: list[Section] = []
    name, start, options = "", 0, list[Option]()  # start is 0 until the first section
    for number, line in meaningful_lines(text):
        if line.startswith("["):
            if start:
                sections.append(Section(name, path, start, tuple(options)))
            if len(sections) >= MAX_SECTIONS:
                message = f"more than {MAX_SECTIONS} sections; no network has that many"
                raise CfgError(message, Location(path, number))
            name, start, options = _section_name(line), number, []
            continue
        if not start:
            message = f"'{line[:40]}' stands before any section; a cfg starts with [net]"
            raise CfgError(message, Location(path, number))
        options.extend(read_option(line, Location(path, number, name), problems))
        if len(options) > MAX_OPTIONS:
            message = f"more than {MAX_OPTIONS} options in one section; is this a cfg?"
            raise CfgError(message, Location(path, number, name))
    if not start:
        raise CfgError("has no section at all; a cfg starts with [net]", Location(path))
    sections.append(Section(name, path, start, tuple(options)))
    for section in sections:
        report_duplicates(section, problems)
    return sections


def meaningful_lines(text: str) -> Iterator[tuple[int, str]]:
    """(1-based number, line without blanks) of every line that is neither empty nor a comment."""
    for number, raw in enumerate(text.split("\n"), 1):
        line = _BLANKS.sub("", raw)
        if line and line[0] not in "#;":
            yield number, line


def _section_name(line: str) -> str:
    """`[yolo]` -> yolo; what follows the bracket makes the name an unknown one, as in C."""
    return line[1:-1] if line.endswith("]") else line[1:]


def read_option(line: str, location: Location, problems: Problems) -> Iterator[Option]:
    """The option of a meaningful line: none where Darknet discards the line."""
    key, equals, value = line.partition("=")
    if not equals:
        problems.warn(location, f"'{key[:40]}' has no '='; its default is used, as in Darknet")
        yield Option(key, None, location.line)
    elif not value:
        problems.warn(location, f"'{key[:40]}=' has no value; Darknet discards the line")
    else:
        yield Option(key, value, location.line)


def report_duplicates(section: Section, problems: Problems) -> None:
    """Warn of every later value of a key."""
    first: dict[str, Option] = {}
    for option in section.options:
        kept = first.setdefault(option.key, option)
        if kept is not option and kept.value != option.value:
            location = Location(section.path, option.line, section.name, option.key)
            message = f"written twice; line {kept.line} ({kept.value}) counts, this one does not"
            problems.warn(location, message)
