"""What a request asks a network for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

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
        numbers = {
            name: share(name, fields[name]) for name in ("thresh", "nms", "hier") if name in fields
        }
        padded = truth("letter_box", fields["letter_box"]) if "letter_box" in fields else None
        changed = replace(self, **numbers)
        return changed if padded is None else replace(changed, letter_box=padded)


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
