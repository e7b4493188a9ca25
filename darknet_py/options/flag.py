"""How a field of a record is written on the command line."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MOST_SEED = 2**64 - 1
KEY = "flag"
"""Of a field's metadata."""


@dataclass(frozen=True)
class Flag:
    """spellings: such as -o and --out; none: -- and the field's name. metavar: of its value.

    least, most, above: range of a number, `above` leaving out `least` itself. listed: a tuple is
    written as values with commas between them, otherwise by giving the flag again. hidden: --help
    does not show the default. usual: gives what stands for the default on the command line, asked
    for when it is needed.
    """

    help: str | None = None
    spellings: tuple[str, ...] = ()
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    above: bool = False
    listed: bool = False
    hidden: bool = False
    usual: Callable[[], Any] | None = None


def flag(default: Any, help: str | None = None, *spellings: str, **how: Any) -> Any:
    """A field with a default that is also a flag of the command line; `how`: see Flag."""
    return dataclasses.field(default=default, metadata={KEY: Flag(help, spellings, **how)})


def seed_flag(help: str | None = None) -> Any:
    """A seed: torch takes one of 2**64, numpy none below 0."""
    return flag(0, help, least=0, most=MOST_SEED)


def flags_of(record: type) -> dict[str, Flag]:
    """The flags by field: those of the class itself first, then those of each class it is made of.

    A field that a class has taken over to change it counts as its own.
    """
    flags = {
        field.name: field.metadata[KEY]
        for field in dataclasses.fields(record)
        if KEY in field.metadata
    }
    names = [name for kind in record.__mro__ for name in inspect.get_annotations(kind)]
    return {name: flags[name] for name in dict.fromkeys(names) if name in flags}
