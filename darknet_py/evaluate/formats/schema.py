"""What the values of a JSON file must be, declared: the first that is not is named with its spot.

A kind of value has words for what is expected, and tells the fault of a value. Keys that are not
declared are let pass: other programs write more than is read here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from darknet_py.errors import DataError, Location

LIMIT = 1e100
"""Numbers beyond are no boxes or scores; within it an area is finite."""
SHOWN = 40
"""Characters of a value that a message repeats."""


class Fault(NamedTuple):
    """Where in the file, what was read there as JSON ("nothing" for a key without), what should
    have been."""

    spot: str
    read: str
    expected: str

    def within(self, spot: str) -> Fault:
        return self._replace(spot=f"{spot}, {self.spot}" if self.spot else spot)


class Kind(Protocol):
    """A kind of value."""

    @property
    def words(self) -> str:
        """What is expected."""

    def fault(self, value: Any) -> Fault | None:
        """What is wrong with a value, None if nothing is."""


@dataclass(frozen=True)
class Scalar:
    """One value of one of the types; numbers are no booleans and lie within LIMIT."""

    words: str
    types: tuple[type, ...]

    def fault(self, value: Any) -> Fault | None:
        kind = type(value)
        if kind in self.types and (kind is str or -LIMIT <= value <= LIMIT):
            return None
        return _fault(value, self)


NUMBER = Scalar(f"a finite number within {LIMIT:g}", (int, float))
TEXT = Scalar("a text", (str,))
ID = Scalar("a number or a text", (int, float, str))
FLAG = Scalar("0 or 1", (bool, int, float))


@dataclass(frozen=True)
class Box:
    """Four numbers; words: which."""

    words: str

    def fault(self, value: Any) -> Fault | None:
        if type(value) is list and len(value) == 4 and not any(map(NUMBER.fault, value)):
            return None
        return _fault(value, self)


@dataclass(frozen=True)
class ListOf:
    """Entries of one kind, counted from 1 by the words of `entry`."""

    kind: Kind
    entry: str = "entry"

    @property
    def words(self) -> str:
        return f"a list, each {self.entry} {self.kind.words}"

    def fault(self, value: Any) -> Fault | None:
        if type(value) is not list:
            return _fault(value, self)
        for number, each in enumerate(value, 1):
            fault = self.kind.fault(each)
            if fault:
                return fault.within(f"{self.entry} {number}")
        return None


@dataclass(frozen=True)
class Record:
    """An object with these keys, and perhaps with some of the optional ones."""

    keys: Mapping[str, Kind]
    optional: Mapping[str, Kind] = field(default_factory=dict)

    @property
    def words(self) -> str:
        return f"an object with {', '.join(self.keys)}" if self.keys else "an object"

    def fault(self, value: Any) -> Fault | None:
        if type(value) is not dict:
            return _fault(value, self)
        for key, kind in self.keys.items():
            if key not in value:
                return Fault(key, "nothing", kind.words)
        for keys in (self.keys, self.optional):
            for key, kind in keys.items():
                fault = kind.fault(value[key]) if key in value else None
                if fault:
                    return fault.within(key)
        return None


def require(value: Any, kind: Kind, location: Location) -> None:
    """Raises DataError that names the spot, what was read and what was expected."""
    fault = kind.fault(value)
    if fault:
        spot = f"{fault.spot}: " if fault.spot else ""
        raise DataError(f"{spot}read {fault.read}, expected {fault.expected}", location)


def shown(value: Any) -> str:
    """A value as JSON, cut to what a line can hold."""
    try:
        text = json.dumps(value)
    except RecursionError:
        return "what is nested too deeply"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _fault(value: Any, kind: Kind) -> Fault:
    return Fault("", shown(value), kind.words)
