"""Hank.ai's way of writing a command line: flags without dashes, files in any order.

Its program looks at what a word is, not where it stands. Both are read here only where the order of
the other two programs has no meaning: a word in the place of a file that is none, a file in the
place of another kind.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence

from darknet_py.cli.darknet_flags import BARE, VALUED
from darknet_py.cli.option_words import fold, may_take_value

ENDINGS = {"data": ".data", "cfg": ".cfg", "weights": ".weights"}
"""Argument of a command -> how its files are called."""
IMAGES = (".jpg", ".jpeg", ".png", ".bmp")
NUMBERS = re.compile(r"[\d.][\d.,-]*")
FOLDED_VALUED = frozenset(fold(name).lower() for name in VALUED)


def bare_flag(word: str) -> str:
    """What a flag without dashes is called, "" for another word or one that is a file."""
    folded = "" if word.startswith("-") else fold(word).lower()
    return folded if folded in BARE and not os.path.exists(word) else ""


def with_dashes(args: Sequence[str]) -> list[str]:
    """Bare flags get a dash; one that takes a value only where that follows."""
    written: list[str] = []
    for number, word in enumerate(args):
        before, after = args[number - 1] if number else "", args[number + 1 : number + 2]
        name = "" if may_take_value(before) else bare_flag(word)
        meant = name and (name not in FOLDED_VALUED or _has_value(name, after))
        written.append(f"-{name}" if meant else word)
    return written


def _has_value(name: str, after: Sequence[str]) -> bool:
    return any(name == "log" or NUMBERS.fullmatch(word) for word in after)


def in_order(words: Sequence[str], names: Sequence[str]) -> list[str]:
    """DATA, CFG and WEIGHTS by their endings, where one of them stands in another's place.

    names: of the arguments of the command. Several files of one ending, and all others, keep their
    order, and so do all where a .data file stands before a command that reads none.
    """
    places = {name: place for place, name in enumerate(names) if name in ENDINGS}
    found = {
        name: next((word for word in words if word.endswith(ENDINGS[name])), None)
        for name in places
    }
    asked = {name: word for name, word in found.items() if word is not None}
    if "data" not in places and any(word.endswith(ENDINGS["data"]) for word in words):
        return list(words)
    if not {"data", "cfg"} & {*places} <= {*asked} or not _misplaced(words, places, asked):
        return list(words)
    rest = list(words)
    for word in asked.values():
        rest.remove(word)
    for name in sorted(asked, key=places.__getitem__):
        rest.insert(places[name], asked[name])
    return rest


def _misplaced(words: Sequence[str], places: Mapping[str, int], asked: Mapping[str, str]) -> bool:
    """Whether a file that is asked for is not where it belongs, and one of another kind is."""
    return any(
        words[place : place + 1] != [asked[name]]
        and words[place].endswith((*ENDINGS.values(), *IMAGES))
        and not words[place].endswith(ENDINGS[name])
        for name, place in places.items()
        if name in asked and place < len(words)
    )
