"""Option values read by schema with C's rules: `option()` declares, `read_options` reads.

A section kind declares its options as dataclass fields; the annotation says how the text is read:
`int` as C's atoi, `float` as atof, `tuple[int, ...]` and `tuple[float, ...]` as comma lists, `str`
as a word (of a table, if one is given) or a file name.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Iterable
from typing import Any

from darknet_py.cfg.foreign_words import NEAR, OPTIONS, hint, value_hint
from darknet_py.cfg.text import Option, Section
from darknet_py.errors import BadOption, Location, Problems

_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_HEX = r"0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)(?:[pP][+-]?\d+)?"
_DECIMAL = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_FLOAT = re.compile(rf"[+-]?(?:{_HEX}|{_DECIMAL}|inf(?:inity)?|nan)", re.ASCII | re.IGNORECASE)
INT_MAX = 2**31 - 1
MAX_ITEMS = 10_000
"""Of a list; the longest of a published cfg has 36."""


def option(
    default: Any = dataclasses.MISSING,
    *,
    key: str = "",
    words: Iterable[str] = (),
    low: float | None = None,
    high: float | None = None,
    not_trained: str = "",
) -> Any:
    """Declare an option: its default, its cfg word if unlike the field's name, what it may be.

    not_trained: why training goes without it here, where it changes Darknet's.
    """
    metadata = {"option": True, "key": key, "words": tuple(words), "low": low, "high": high}
    metadata["not_trained"] = not_trained
    return dataclasses.field(default=default, metadata=metadata)


def atoi(text: str) -> int:
    """C's atoi: the longest integer prefix, 0 when there is none, limited to 32 bits."""
    match = _INTEGER.match(text)
    if not match:
        return 0
    digits = match.group().lstrip("+-").lstrip("0")
    # Python refuses to read thousands of digits; more than ten overflow anyway.
    value = int(digits[:11] or "0")
    return max(-INT_MAX - 1, -value) if text[0] == "-" else min(INT_MAX, value)


def atof(text: str) -> float:
    """C's atof: the longest numeric prefix (also exponent, hex, inf, nan), 0 when there is none."""
    match = _FLOAT.match(text)
    if not match:
        return 0.0
    word = match.group()
    try:
        return float.fromhex(word) if "x" in word.lower() else float(word)
    except OverflowError:
        return -math.inf if word[0] == "-" else math.inf


def split_list(text: str) -> list[str]:
    """Elements of a comma list; nothing after a # counts, a trailing comma adds an empty one."""
    return text.split("#", 1)[0].split(",")


def _read_int(text: str, location: Location, problems: Problems) -> int:
    _check_number(text, _INTEGER, "an integer", location, problems)
    return atoi(text)


def _read_float(text: str, location: Location, problems: Problems) -> float:
    _check_number(text, _FLOAT, "a number", location, problems)
    return atof(text)


def _check_number(
    text: str, pattern: re.Pattern[str], expected: str, location: Location, problems: Problems
) -> None:
    match = pattern.match(text)
    if not match:
        # atoi would give 0 here without a word; nobody who wrote this meant 0.
        problems.fail(BadOption(f"read '{text[:40]}', expected {expected}", location))
    elif (rest := text[match.end() :]) and not rest.startswith(("#", ";")):
        message = f"read '{text[:40]}': as in Darknet only '{match.group()}' counts"
        problems.warn(location, message)


def _read_ints(text: str, location: Location, problems: Problems) -> tuple[int, ...]:
    return tuple(
        _read_int(item or "0", location, problems) for item in _items(text, location, problems)
    )


def _read_floats(text: str, location: Location, problems: Problems) -> tuple[float, ...]:
    return tuple(
        _read_float(item or "0", location, problems) for item in _items(text, location, problems)
    )


def _items(text: str, location: Location, problems: Problems) -> list[str]:
    items = split_list(text)
    if len(items) > MAX_ITEMS:
        message = f"a list of {len(items)} values, expected at most {MAX_ITEMS}"
        problems.fail(BadOption(message, location))
        return []
    if "" in items:
        problems.warn(location, f"read '{text[:40]}': an empty element counts as 0, as in Darknet")
    return items


def _read_word(text: str, location: Location, problems: Problems) -> str:
    return text


READERS: dict[str, Callable[[str, Location, Problems], Any]] = {
    "int": _read_int,
    "float": _read_float,
    "str": _read_word,
    "tuple[int, ...]": _read_ints,
    "tuple[float, ...]": _read_floats,
}


def options_of(kind: type) -> dict[str, dataclasses.Field[Any]]:
    """cfg word -> field, for every option a kind declares."""
    fields = (field for field in dataclasses.fields(kind) if field.metadata.get("option"))
    return {field.metadata["key"] or field.name: field for field in fields}


def not_trained(kind: type) -> dict[str, tuple[dataclasses.Field[Any], str]]:
    """cfg word -> field and reason, for the options of a kind that training goes without."""
    return {
        key: (field, reason)
        for key, field in options_of(kind).items()
        if (reason := field.metadata["not_trained"])
    }


def read_options(kind: type, section: Section, problems: Problems) -> dict[str, Any]:
    """Field name -> value for each option the section writes; complains about every other key."""
    known = options_of(kind)
    without_effect: dict[str, str] = getattr(kind, "NO_EFFECT", {})
    values: dict[str, Any] = {}
    seen: set[str] = set()
    for written in section.options:
        if written.key in seen:
            continue
        seen.add(written.key)
        location = Location(section.path, written.line, section.name, written.key)
        if written.key in known:
            _read_one(known[written.key], written, location, problems, values)
        elif written.key in without_effect:
            problems.note(location, f"no effect here: {without_effect[written.key]}")
        else:
            near = hint(written.key, [*known, *without_effect], OPTIONS, NEAR)
            problems.warn(location, f"unknown option, it has no effect{near}")
    return values


def _read_one(
    field: dataclasses.Field[Any],
    written: Option,
    location: Location,
    problems: Problems,
    values: dict[str, Any],
) -> None:
    if written.value is None:
        return
    type_name = _type_name(field).removesuffix(" | None")
    before = problems.failures
    value = READERS[type_name](written.value, location, problems)
    if problems.failures == before:
        _check_allowed(field, value, location, problems)
    if problems.failures == before:
        values[field.name] = value


def _type_name(field: dataclasses.Field[Any]) -> str:
    """The annotation as written, whether or not the module turns annotations into text."""
    return field.type.__name__ if field.type in (int, float, str) else str(field.type)


def _check_allowed(
    field: dataclasses.Field[Any], value: Any, location: Location, problems: Problems
) -> None:
    words, low, high = (field.metadata[name] for name in ("words", "low", "high"))
    if words and value not in words:
        cure = value_hint(location.key, value, words)
        if "#" in value:
            cure = "; words take no inline comment: put it on a line of its own"
        message = f"read '{value[:40]}', expected one of {', '.join(sorted(words))}{cure}"
        problems.fail(BadOption(message, location))
    elif low is not None and not value >= low:
        problems.fail(BadOption(f"read {value}, expected at least {low:g}", location))
    elif high is not None and not value <= high:
        problems.fail(BadOption(f"read {value}, expected at most {high:g}", location))
