"""What a survey found, as text for people and as values for JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from darknet_py.validate.dataset_report import Survey, Tally
from darknet_py.validate.issues import KINDS, Finding, Findings

CLASS_ROWS = 100
"""Classes that the table shows on the command line."""
FACTS: tuple[tuple[str, Callable[[Tally], int]], ...] = (
    ("images", lambda tally: tally.images),
    ("  cannot be read", lambda tally: tally.unreadable),
    ("  with labels", lambda tally: tally.states["labelled"]),
    ("  empty label file", lambda tally: tally.states["empty"]),
    ("  no label file", lambda tally: tally.states["missing"]),
    ("labels", lambda tally: tally.labels),
    ("  trained on", lambda tally: tally.boxes),
)


def text(survey: Survey, shown: int | None, class_rows: int | None = CLASS_ROWS) -> str:
    """Tables of what is there, then the findings: `shown` of each kind, None for all kept."""
    parts = [
        f"{survey.path}: {_measured_by(survey)}",
        "\n".join(_table(_facts(survey.tallies))),
        "\n".join(_class_lines(survey, class_rows)),
        *("\n".join(_kind_lines(kind, survey.findings, shown)) for kind in survey.findings.found()),
    ]
    return "\n\n".join(part for part in parts if part)


def values(survey: Survey) -> dict[str, Any]:
    """The same for JSON; findings by kind, of which those that were kept."""
    return {
        "file": survey.path,
        "classes": survey.frame.classes,
        "lists": {tally.name: _tally_values(tally) for tally in survey.tallies},
        "per_class": [_class_values(survey, number) for number in survey.classes],
        "findings": {kind: _kind_values(kind, survey.findings) for kind in survey.findings.found()},
    }


def _measured_by(survey: Survey) -> str:
    frame = survey.frame
    classes = f"{frame.classes} classes" if frame.classes else "classes unknown"
    size = f", network input {frame.width} x {frame.height}" if frame.width else ""
    return f"{classes}{size}, label files by {frame.fork.name}'s rule"


def _facts(tallies: Sequence[Tally]) -> list[list[str]]:
    head = ["", *(tally.name for tally in tallies)]
    return [head, *([fact, *(str(count(tally)) for tally in tallies)] for fact, count in FACTS)]


def _class_lines(survey: Survey, most: int | None) -> list[str]:
    numbers = survey.classes
    shown = numbers[:most]
    tallies = survey.tallies
    head = [
        "class",
        *(f"{tally.name} {what}" for tally in tallies for what in ("boxes", "images")),
    ]
    rows = [head, *(_class_row(survey, number) for number in shown)]
    more = len(numbers) - len(shown)
    return _table(rows) + ([f"... and {more} more classes; a report has them all"] if more else [])


def _class_row(survey: Survey, number: int) -> list[str]:
    counts = (
        str(counter[number])
        for tally in survey.tallies
        for counter in (tally.per_class, tally.images_per_class)
    )
    return [f"{number} {survey.name(number)}".strip(), *counts]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """The first column to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def _kind_lines(kind: str, findings: Findings, shown: int | None) -> Iterator[str]:
    count, first = findings.counts[kind], _examples(findings.kept[kind], shown)
    yield f"{findings.level(kind)}: {KINDS[kind].title}: {count}; {KINDS[kind].cure}"
    yield from (f"  {finding}" for finding in first)
    if count > len(first):
        yield f"  ... and {count - len(first)} more"


def _examples(kept: Sequence[Finding], shown: int | None) -> Sequence[Finding]:
    """The first ones, where that is possible each from another file."""
    if shown is None or len(kept) <= shown:
        return kept
    by_file: dict[str, int] = {}
    turns = []
    for finding in kept:
        turn = by_file[finding.location.path] = by_file.get(finding.location.path, 0) + 1
        turns.append(turn)
    places = sorted(range(len(kept)), key=turns.__getitem__)[:shown]
    return [kept[place] for place in sorted(places)]


def _tally_values(tally: Tally) -> dict[str, Any]:
    return {
        "file": tally.path,
        "images": tally.images,
        "unreadable": tally.unreadable,
        **{state: tally.states[state] for state in ("labelled", "empty", "missing")},
        "labels": tally.labels,
        "boxes": tally.boxes,
    }


def _class_values(survey: Survey, number: int) -> dict[str, Any]:
    counts = {
        tally.name: {"boxes": tally.per_class[number], "images": tally.images_per_class[number]}
        for tally in survey.tallies
    }
    return {"class": number, "name": survey.name(number), **counts}


def _kind_values(kind: str, findings: Findings) -> dict[str, Any]:
    return {
        "level": findings.level(kind),
        "count": findings.counts[kind],
        "title": KINDS[kind].title,
        "cure": KINDS[kind].cure,
        "first": [_finding_values(finding) for finding in findings.kept[kind]],
    }


def _finding_values(finding: Finding) -> dict[str, Any]:
    place = {"file": finding.location.path, "line": finding.location.line}
    return {**place, "message": finding.message, "image": finding.image}
