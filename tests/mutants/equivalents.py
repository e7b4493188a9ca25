"""Mutants that nothing could notice, each with its reason: equivalents.txt.

Four lines each: the file, the line's text before and after (without indentation), the reason.
A line is found by its text, not its number, so that a row lives as long as the line does.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mutants.mutant import Mutant

LISTED = Path(__file__).with_suffix(".txt")
MARKS = ("@ ", "- ", "+ ", "= ")


@dataclass(frozen=True)
class Equivalent:
    path: str
    before: str
    after: str
    reason: str


def equivalents(text: str) -> list[Equivalent]:
    """The rows of the list; ValueError names a line that is out of place."""
    rows = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    for index, (number, line) in enumerate(rows):
        mark = MARKS[index % len(MARKS)]
        if not line.startswith(mark):
            raise ValueError(f"line {number} starts with {line[:2]!r}, expected {mark!r}")
    if len(rows) % len(MARKS):
        raise ValueError(f"line {rows[-1][0]} ends the list inside a row")
    texts = [line[len(MARKS[0]) :].strip() for _, line in rows]
    return [Equivalent(*texts[start : start + 4]) for start in range(0, len(texts), 4)]


def reason_of(mutant: Mutant, listed: list[Equivalent]) -> str:
    """Why nothing could notice a mutant; "" for one that is not listed."""
    for row in listed:
        if (row.path, row.before, row.after) == (mutant.path, mutant.before, mutant.after):
            return row.reason
    return ""
