"""A cfg with other values: the lines of the options change, all others stay as they are."""

from __future__ import annotations

import re
from dataclasses import dataclass

from darknet_py.cfg.text import Section

_BLANKS = re.compile(r"[ \t\r]+")


@dataclass(frozen=True)
class OptionChange:
    """An option that has another value: `old`, None where it was not written.

    line: where it stands in the old text; of one that was not there, its section's. new_line: where
    it stands in the new text.
    """

    line: int
    new_line: int
    section: str
    key: str
    old: str | None
    new: str


@dataclass(frozen=True)
class _Edit:
    """place: the line of the old text that is changed, or that a new one follows."""

    place: int
    section: str
    key: str
    old: str | None
    new: str
    added: bool


class EditedText:
    """The text of a cfg under way to another one. Sections are those of the old text."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._edits: dict[tuple[int, str], _Edit] = {}

    def set(self, section: Section, key: str, value: str) -> None:
        """Give an option of a section a value; the last one that is set counts.

        A value that differs from the old one by blanks only leaves the line as it is.
        """
        option = section.find(key)
        line = option.line if option else section.line
        old = option.value if option else None
        self._edits.pop((section.line, key), None)
        if old is None or old != _BLANKS.sub("", value):
            edit = _Edit(line, section.name, key, old, value, added=option is None)
            self._edits[section.line, key] = edit

    @property
    def text(self) -> str:
        """The whole new text."""
        lines = list(self._lines)
        for edit in self._edits.values():
            if not edit.added:
                lines[edit.place - 1] = _rewritten(lines[edit.place - 1], edit)
        for edit in reversed(self._added):
            ending = "\r" if lines[edit.place - 1].endswith("\r") else ""
            lines.insert(edit.place, f"{edit.key}={edit.new.strip()}{ending}")
        return "\n".join(lines)

    @property
    def changes(self) -> list[OptionChange]:
        """What differs, in the order of the new text's lines."""
        added = self._added
        changes = []
        for edit in self._edits.values():
            before = sum(other.place < edit.place for other in added)
            line = edit.place + before
            if edit.added:
                same = [other for other in added if other.place == edit.place]
                line += 1 + same.index(edit)
            changes.append(_change(edit, line))
        return sorted(changes, key=lambda change: change.new_line)

    @property
    def _added(self) -> list[_Edit]:
        added = (edit for edit in self._edits.values() if edit.added)
        return sorted(added, key=lambda edit: (edit.place, edit.key))


def _change(edit: _Edit, line: int) -> OptionChange:
    return OptionChange(edit.place, line, edit.section, edit.key, edit.old, edit.new.strip())


def _rewritten(line: str, edit: _Edit) -> str:
    """The line with another value, its blanks around the = and its line ending kept."""
    before, equals, old = line.rstrip("\r").partition("=")
    gap = old[: len(old) - len(old.lstrip(" \t"))]
    ending = "\r" if line.endswith("\r") else ""
    # A line without = has no value for Darknet; it gets one.
    return f"{before.rstrip() if not equals else before}={gap}{edit.new.lstrip()}{ending}"
