"""What a request asks a network for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from darknet_py.options.serving import QueryOptions
from darknet_py.serve.refusal import Refusal

YES, NO = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


@dataclass(frozen=True)
class Query:
    """thresh: scores must be above it. nms: overlap above which the weaker box goes; 0 keeps all.
    hier: least product down a class tree. letter_box: None does as the fork and the cfg do."""

    thresh: float
    nms: float
    hier: float
    letter_box: bool | None

    @staticmethod
    def of(options: QueryOptions) -> Query:
        """What holds where a request says nothing."""
        return Query(options.thresh, options.nms, options.hier, options.letter_box or None)

    def changed(self, fields: Mapping[str, str]) -> Query:
        """With what a request says; raises Refusal for what is no number or beyond 0 to 1."""
        said: dict[str, Any] = {
            name: read(name, fields[name]) for name, read in READERS.items() if name in fields
        }
        return replace(self, **said)


def share(name: str, text: str) -> float:
    """A number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:  # not for "nan" either
        raise Refusal(400, f"{name}={text[:40]!r}: give a number from 0 to 1")
    return value


def truth(name: str, text: str) -> bool:
    if text.lower() not in YES | NO:
        raise Refusal(400, f"{name}={text[:40]!r}: give 1 or 0")
    return text.lower() in YES


READERS: dict[str, Callable[[str, str], Any]] = {
    "thresh": share,
    "nms": share,
    "hier": share,
    "letter_box": truth,
}
"""Fields of a request, which are those of Query -> what reads their text."""
