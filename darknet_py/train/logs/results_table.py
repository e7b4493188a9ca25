"""results.csv: its columns, a row an update, and how it is read again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from darknet_py.errors import CANNOT_OPEN, DataError, Location, open_failure
from darknet_py.train.logs.progress_log import IMAGES, Units, Update

FIXED = 10
"""Columns that every training has; those of the heads follow."""
ITERATION, THINGS, AVERAGE, METRIC = 0, 1, 3, FIXED - 1
"""Which of them these are."""
LONGEST = 1 << 16
"""Characters of a line."""


def columns(units: Units = IMAGES, metric: str = "mAP", heads: Sequence[str] = ()) -> list[str]:
    """The first line of results.csv; heads: see `head_metrics.head_columns`."""
    first = ["iteration", units.things, "loss", "avg_loss", "rate", "seconds", "data_wait"]
    return [*first, "width", "height", metric.lower(), *heads]


def row_of(u: Update, heads: Sequence[str] = ()) -> list[str]:
    """What an update has for these columns; nothing where it has no value."""
    size = [str(side) for side in u.size] if u.units.shows_size else ["", ""]
    return [
        str(u.number),
        str(u.images),
        f"{u.loss:.6g}",
        f"{u.average:.6g}",
        f"{u.rate:.6g}",
        f"{u.seconds:.4f}",
        f"{u.waited:.4f}",
        *size,
        f"{u.map:.6f}" if u.evaluated else "",
        *(f"{u.heads[name]:.4g}" if name in u.heads else "" for name in heads),
    ]


def earlier_rows(path: Path, heads: Sequence[str], upto: int) -> Iterator[list[str]]:
    """The rows that a run has left, up to an update, with these columns; none without a file.

    Those of heads are found by their names: another cfg, or an older program, had others.
    """
    if not path.is_file():
        return
    with _opened(path) as file:
        lines = _split_lines(file)
        names = next(lines, [])
        where = [names.index(name) if name in names else None for name in heads]
        for row in lines:
            if _is_row(row, max(FIXED, len(names))) and int(row[ITERATION]) <= upto:
                rest = ["" if column is None else row[column] for column in where]
                yield [*row[:FIXED], *rest]


def read_results(path: Path) -> tuple[list[str], Iterator[dict[str, float]]]:
    """The columns of a results.csv, and its rows by column, without what is empty in them.

    Raises DataError for a file that cannot be read or is none.
    """
    location = Location(str(path))
    if not path.is_file():
        raise DataError("is no file, expected a training's results.csv", location)
    try:
        with _opened(path) as file:
            names = next(_split_lines(file), [])
    except CANNOT_OPEN as failure:
        raise DataError(f"cannot be read: {open_failure(failure)}", location) from None
    if _without_own(names) != _without_own(columns()):
        begin = f"begins with '{','.join(names)[:60]}'"
        expected = f"the columns of a training's results.csv, {','.join(columns())}"
        raise DataError(f"{begin}, expected {expected}", location)
    return names, _rows(path, names)


def _without_own(names: Sequence[str]) -> list[str]:
    """The first columns but for what is counted and measured, which trainings differ in."""
    return [name for at, name in enumerate(names[:FIXED]) if at not in (THINGS, METRIC)]


def _rows(path: Path, names: Sequence[str]) -> Iterator[dict[str, float]]:
    with _opened(path) as file:
        for row in _split_lines(file):
            if _is_row(row, len(names)):
                pairs = zip(names, row, strict=True)
                yield {name: float(value) for name, value in pairs if value}


def _opened(path: Path) -> TextIO:
    return path.open(encoding="utf-8", errors="replace")


def _split_lines(file: TextIO) -> Iterator[list[str]]:
    """Nothing in our rows is quoted. A line that is too long to be one of ours comes in pieces."""
    while line := file.readline(LONGEST):
        yield line.rstrip("\n").split(",")


def _is_row(row: list[str], length: int) -> bool:
    """A row that was written whole: a killed run may leave half of one."""
    try:
        return len(row) == length and row[0].isdecimal() and bool([float(v) for v in row if v])
    except ValueError:
        return False
