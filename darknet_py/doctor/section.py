"""A section of the report: facts, and what is amiss."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

Fact = None | bool | int | float | str | list["Fact"] | dict[str, "Fact"]
"""What JSON can say. None: unknown here, or not there."""

USER = "USER"


@dataclass(frozen=True)
class Examined:
    """What was found out. issues: what every command needs and lacks, each with its cure. remarks:
    what some commands lack, likewise."""

    facts: Mapping[str, Fact]
    issues: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """key: its name in JSON. title: its heading in the text."""

    key: str
    title: str
    examined: Examined = field(default_factory=lambda: Examined({}))


def without_names(fact: Fact) -> Fact:
    """The same without the user's name: `~` for the home folder, USER for folders named so."""
    if isinstance(fact, str):
        return anonymous(fact)
    if isinstance(fact, list):
        return [without_names(each) for each in fact]
    if isinstance(fact, dict):
        return {name: without_names(each) for name, each in fact.items()}
    return fact


def anonymous(text: str) -> str:
    """A text that may hold paths, without the user's name in them."""
    home = os.path.expanduser("~")
    if Path(home) != Path(Path(home).anchor):
        text = text.replace(home, "~")
    name = _user()
    return text.replace(f"{os.sep}{name}{os.sep}", f"{os.sep}{USER}{os.sep}") if name else text


def _user() -> str:
    """The name; empty where none is known, and for root, whose name says nothing."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container's user has none
        return ""
    return "" if name == "root" else name


def first_line(failure: BaseException | str) -> str:
    """What an exception says, in one line; its kind where it says nothing."""
    lines = [line.strip() for line in str(failure).splitlines()]
    return next(filter(None, lines), type(failure).__name__)
