"""A report on a data set, as text for people and as values for JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from darknet_py.validate.dataset_report import DatasetReport, SplitCounts
from darknet_py.validate.issues import KINDS, Issue, Issues

CLASS_ROWS = 100
"""Classes that the table shows on the command line."""
FACTS: tuple[tuple[str, Callable[[SplitCounts], int]], ...] = (
    ("images", lambda split: split.images),
    ("  cannot be read", lambda split: split.unreadable),
    ("  with labels", lambda split: split.states["labelled"]),
    ("  empty label file", lambda split: split.states["empty"]),
    ("  no label file", lambda split: split.states["missing"]),
    ("labels", lambda split: split.labels),
    ("  trained on", lambda split: split.boxes),
)


def text(report: DatasetReport, shown: int | None, class_rows: int | None = CLASS_ROWS) -> str:
    """Tables of what is there, then the issues: `shown` of each kind, None for all kept."""
    parts = [
        f"{report.path}: {_rules_text(report)}",
        "\n".join(_table(_facts(report.splits))),
        "\n".join(_class_lines(report, class_rows)),
        *("\n".join(_kind_lines(kind, report.issues, shown)) for kind in report.issues.kinds()),
    ]
    return "\n\n".join(part for part in parts if part)


def values(report: DatasetReport) -> dict[str, Any]:
    """The same for JSON; issues by kind, of which those that were kept."""
    return {
        "file": report.path,
        "classes": report.rules.classes,
        "lists": {split.name: _split_values(split) for split in report.splits},
        "per_class": [_class_values(report, number) for number in report.classes],
        "findings": {kind: _kind_values(kind, report.issues) for kind in report.issues.kinds()},
    }


def _rules_text(report: DatasetReport) -> str:
    rules = report.rules
    classes = f"{rules.classes} classes" if rules.classes else "classes unknown"
    size = f", network input {rules.width} x {rules.height}" if rules.width else ""
    return f"{classes}{size}, label files by {rules.fork.name}'s rule"


def _facts(splits: Sequence[SplitCounts]) -> list[list[str]]:
    head = ["", *(split.name for split in splits)]
    return [head, *([fact, *(str(count(split)) for split in splits)] for fact, count in FACTS)]


def _class_lines(report: DatasetReport, most: int | None) -> list[str]:
    numbers = report.classes
    shown = numbers[:most]
    splits = report.splits
    head = [
        "class",
        *(f"{split.name} {what}" for split in splits for what in ("boxes", "images")),
    ]
    rows = [head, *(_class_row(report, number) for number in shown)]
    more = len(numbers) - len(shown)
    return _table(rows) + ([f"... and {more} more classes; a report has them all"] if more else [])


def _class_row(report: DatasetReport, number: int) -> list[str]:
    counts = (
        str(counter[number])
        for split in report.splits
        for counter in (split.per_class, split.images_per_class)
    )
    return [f"{number} {report.name(number)}".strip(), *counts]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """The first column to the left, numbers to the right."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def _kind_lines(kind: str, issues: Issues, shown: int | None) -> Iterator[str]:
    count, first = issues.counts[kind], _examples(issues.kept[kind], shown)
    yield f"{issues.level(kind)}: {KINDS[kind].title}: {count}; {KINDS[kind].cure}"
    yield from (f"  {issue}" for issue in first)
    if count > len(first):
        yield f"  ... and {count - len(first)} more"


def _examples(kept: Sequence[Issue], shown: int | None) -> Sequence[Issue]:
    """The first ones, where that is possible each from another file."""
    if shown is None or len(kept) <= shown:
        return kept
    by_file: dict[str, int] = {}
    turns = []
    for issue in kept:
        turn = by_file[issue.location.path] = by_file.get(issue.location.path, 0) + 1
        turns.append(turn)
    chosen = sorted(range(len(kept)), key=turns.__getitem__)[:shown]
    return [kept[index] for index in sorted(chosen)]


def _split_values(split: SplitCounts) -> dict[str, Any]:
    return {
        "file": split.path,
        "images": split.images,
        "unreadable": split.unreadable,
        **{state: split.states[state] for state in ("labelled", "empty", "missing")},
        "labels": split.labels,
        "boxes": split.boxes,
    }


def _class_values(report: DatasetReport, number: int) -> dict[str, Any]:
    counts = {
        split.name: {"boxes": split.per_class[number], "images": split.images_per_class[number]}
        for split in report.splits
    }
    return {"class": number, "name": report.name(number), **counts}


def _kind_values(kind: str, issues: Issues) -> dict[str, Any]:
    return {
        "level": issues.level(kind),
        "count": issues.counts[kind],
        "title": KINDS[kind].title,
        "cure": KINDS[kind].cure,
        "first": [_issue_values(issue) for issue in issues.kept[kind]],
    }


def _issue_values(issue: Issue) -> dict[str, Any]:
    where = {"file": issue.location.path, "line": issue.location.line}
    return {**where, "message": issue.message, "image": issue.image}
