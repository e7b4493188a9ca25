"""The section names of both forks, and the layer that a section of a cfg describes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from darknet_py.cfg import foreign_words
from darknet_py.cfg.foreign_words import hint
from darknet_py.cfg.options import read_options
from darknet_py.cfg.text import Section
from darknet_py.errors import Problems, UnknownSection
from darknet_py.layers.base import Layer

SECTIONS: dict[str, type[Layer]] = {}
"""Every section name of both forks (without [net]) -> its kind."""

L = TypeVar("L", bound=type[Layer])


def section(*names: str) -> Callable[[L], L]:
    """Register a kind under its section names; the first is its own name."""

    def register(kind: L) -> L:
        for name in names:
            if name in SECTIONS:
                raise ValueError(f"section [{name}] is registered twice")
            SECTIONS[name] = kind
        kind.KIND, kind.NAMES = names[0], names
        return kind

    return register


def read_layer(section: Section, problems: Problems) -> Layer:
    """The spec of a section; raises UnknownSection with the nearest name."""
    kind = SECTIONS.get(section.name)
    if kind is None:
        raise UnknownSection(_unknown(section.name), section.location())
    return kind(section=section, **read_options(kind, section, problems))


def _unknown(name: str) -> str:
    if name in ("net", "network"):
        return "a second [net] is not a layer; only the first section may be [net]"
    if "]" in name:
        return "what follows the ] counts as part of the name; put comments on lines of their own"
    cure = hint(name, SECTIONS, foreign_words.SECTIONS)
    return (
        f"unknown section; known are {', '.join(SECTIONS)}"
        if not cure
        else f"unknown section{cure}"
    )
