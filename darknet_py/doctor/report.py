"""The report as text to paste, and as one JSON document."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from darknet_py.doctor.section import Fact, Section, anonymous, without_names

FORMAT = 1
"""Of the document; it grows when a key changes its meaning or goes."""
WIDTH = 100
INDENT = "  "


def document(sections: Sequence[Section]) -> dict[str, Any]:
    """`format`, a key for each section with its facts, and `issues` and `remarks`: lists of
    {section, text}."""
    facts = {each.key: without_names(dict(each.examined.facts)) for each in sections}
    issues = [_said(each, text) for each in sections for text in each.examined.issues]
    remarks = [_said(each, text) for each in sections for text in each.examined.remarks]
    return {"format": FORMAT, **facts, "issues": issues, "remarks": remarks}


def _said(section: Section, text: str) -> dict[str, str]:
    return {"section": section.key, "text": anonymous(text)}


def text_of(section: Section) -> str:
    """Its heading, a line for each fact, and what is amiss, each line named so."""
    lines = [section.title]
    for name, fact in section.examined.facts.items():
        lines += _fact_lines(name, without_names(fact))
    for word, texts in _amiss(section):
        lines += [line for text in texts for line in _wrapped(f"{word}: {anonymous(text)}")]
    return "\n".join(lines)


def last_line(sections: Sequence[Section]) -> str:
    issues = sum(len(each.examined.issues) for each in sections)
    return "1 issue" if issues == 1 else f"{issues} issues"


def _amiss(section: Section) -> Iterator[tuple[str, Sequence[str]]]:
    yield "ISSUE", section.examined.issues
    yield "remark", section.examined.remarks


def _fact_lines(name: str, fact: Fact) -> list[str]:
    """A fact that holds others has a line for each of those that hold some themselves."""
    if isinstance(fact, dict) and any(isinstance(each, dict) for each in fact.values()):
        lines = [_wrapped(f"{_label(name)} {key}: {_words(key, fact[key])}") for key in fact]
        return [line for each in lines for line in each]
    return _wrapped(f"{_label(name)}: {_words(name, fact)}")


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(
        line,
        WIDTH,
        initial_indent=INDENT,
        subsequent_indent=2 * INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )


UNITS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "_bytes": ("", lambda value: _bytes(value)),
    "ms_per_image": ("ms_per_image", lambda value: f"{value:.2f}"),
    "gflop_per_s": ("gflop_per_s", lambda value: f"{value:.1f}"),
    "share_of_matmul": ("share_of_matmul", lambda value: f"{100 * value:.0f} %"),
    "seconds": ("seconds", lambda value: f"{value:.1f}"),
}
"""How names of numbers end -> the end of their labels, and how the numbers are shown."""
PLAIN = {True: "yes", False: "no", None: "none"}


def _unit(name: str) -> tuple[str, str, Callable[[Any], str]] | None:
    found = (row for row in UNITS.items() if name.endswith(row[0]))
    return next(((end, label, show) for end, (label, show) in found), None)


def _label(name: str) -> str:
    unit = _unit(name)
    ended = name.removesuffix(unit[0]) + unit[1] if unit else name
    return ended.replace("_", " ") if ended.islower() else ended


def _words(name: str, fact: Fact) -> str:
    if fact is None or isinstance(fact, bool):
        return PLAIN[fact]
    if isinstance(fact, dict):
        named = (f"{_label(key)} {_words(key, each)}" for key, each in fact.items())
        return ", ".join(named) or PLAIN[None]
    if isinstance(fact, list):
        words = [_words(name, each) for each in fact]
        return ("; " if " " in "".join(words) else " ").join(words) or PLAIN[None]
    unit = _unit(name)
    if unit and isinstance(fact, (int, float)):
        return unit[2](fact)
    return f"{fact:.8g}" if isinstance(fact, float) else str(fact)


def _bytes(count: int) -> str:
    """In GiB, or MiB below one."""
    return f"{count / 2**30:.1f} GiB" if count >= 1 << 30 else f"{count / 2**20:.1f} MiB"
