"""Label files read line by line, as their author meant them; what is no label is an issue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from darknet_py.augment.label_rules import LabelTable
from darknet_py.data.labels import COLUMNS, is_integer, is_number, parse_labels

SHOWN = 48
"""Characters of a line that a message quotes."""
BYTE_MARKS = {b"\xef\xbb\xbf": "UTF-8 with a byte-order mark", b"\xff\xfe": "UTF-16"}
BYTE_MARKS |= {b"\xfe\xff": "UTF-16"}


@dataclass(frozen=True)
class LineIssue:
    """A line that is no label; kind is a key of `issues.KINDS`, line counts from 1."""

    kind: str
    line: int
    message: str


@dataclass(frozen=True)
class LabelLines:
    """rows: (K, 5) class x y w h of the lines that are labels; numbers: (K,) their lines.

    read: (R, 5) what Darknet reads, the same as rows where there is no issue.
    """

    rows: LabelTable
    numbers: npt.NDArray[np.int64]
    read: LabelTable
    issues: tuple[LineIssue, ...] = ()


def read_lines(text: bytes) -> LabelLines:
    """The labels and issues in the text of a label file."""
    mark = next((name for mark, name in BYTE_MARKS.items() if text.startswith(mark)), "")
    if mark or b"\0" in text:
        return _unreadable(text, mark or "binary")
    lines = [(number, words) for number, words in _words(text) if words]
    issues = [issue for number, words in lines if (issue := _line_issue(number, words))]
    bad = {issue.line for issue in issues}
    good = [(number, words) for number, words in lines if number not in bad]
    numbers = np.array([number for number, _ in good], np.int64)
    rows = parse_labels(b"\n".join(b" ".join(words) for _, words in good))
    read = parse_labels(text) if issues else rows
    return LabelLines(rows, numbers, read, _with_loss(issues, lines, numbers, rows, read))


def _words(text: bytes) -> list[tuple[int, list[bytes]]]:
    return [(number, line.split()) for number, line in enumerate(text.splitlines(), 1)]


def _unreadable(text: bytes, what: str) -> LabelLines:
    none = np.zeros((0, COLUMNS), np.float32)
    message = f"the file is {what}; Darknet reads no label here, save it as plain text"
    return LabelLines(none, np.zeros(0, np.int64), none, (LineIssue("unparsed", 1, message),))


def _line_issue(number: int, words: Sequence[bytes]) -> LineIssue | None:
    if len(words) == COLUMNS and is_integer(words[0]) and all(map(is_number, words[1:])):
        return None
    shown = b" ".join(words).decode(errors="replace")
    shown = shown if len(shown) <= SHOWN else shown[: SHOWN - 3] + "..."
    broken = next((word for word in words if not is_number(word)), None)
    if broken is not None and (broken is not words[0] or len(words) != COLUMNS):
        return LineIssue(
            "unparsed", number, f"read '{shown}', expected class x y w h{_hint(words)}"
        )
    if len(words) != COLUMNS:
        count = f"{len(words)} number{'s' if len(words) > 1 else ''}"
        return LineIssue("columns", number, f"read {count} in '{shown}'{_column_hint(len(words))}")
    return LineIssue("class-number", number, f"read class '{words[0].decode(errors='replace')}'")


def _hint(words: Sequence[bytes]) -> str:
    line = b" ".join(words)
    if b"," in line or b";" in line:
        return "; numbers have a point, and blanks between them"
    return ""


def _column_hint(count: int) -> str:
    if count == COLUMNS + 1:
        return "; is the last one a confidence?"
    if count > COLUMNS and count % 2:
        return "; is this the outline of an object, not its box?"
    return ""


def _with_loss(
    issues: list[LineIssue],
    lines: Sequence[tuple[int, Sequence[bytes]]],
    numbers: npt.NDArray[np.int64],
    rows: LabelTable,
    read: LabelTable,
) -> tuple[LineIssue, ...]:
    """The first issue says what it costs: Darknet reads numbers, and knows no lines."""
    if not issues:
        return ()
    first = issues[0]
    later = rows[numbers > first.line]
    after = sum(number > first.line for number, _ in lines)
    if after and not np.array_equal(read[len(read) - len(later) :], later, equal_nan=True):
        loss = f"; Darknet loses or misreads the {after} line{'s' if after > 1 else ''} after it"
        issues[0] = LineIssue(first.kind, first.line, first.message + loss)
    return tuple(issues)
