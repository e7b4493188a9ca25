"""The exception tree, where an error points at, and the collector of everything `check` finds.

DarknetError
├── CfgError          a network definition that cannot be what its author meant
│   ├── UnknownSection
│   ├── BadOption
│   └── ShapeError    layers whose sizes do not fit together
├── WeightsError      a .weights file that does not fit its cfg
├── DataError         a names, list or .data file, or an argument of a function
│   ├── ArgumentError an argument of another type, or one that is none; a TypeError as well
│   └── ImageError    an image that cannot be read
│       └── OversizedImage  one of more pixels than may be read
├── DownloadError     a published file that no address gives
└── OutputError       something that cannot be written
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Location:
    """A spot in a text file: path, 1-based line, section and option key (each may be empty)."""

    path: str = ""
    line: int = 0
    section: str = ""
    key: str = ""

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        words = [f"[{self.section}]" if self.section else "", self.key]
        what = " ".join(word for word in words if word)
        return ": ".join(part for part in (where, what) if part)


class DarknetError(Exception):
    """Every error this package raises on purpose; str() is one line that names the cure."""

    def __init__(self, message: str, location: Location | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.location = location

    def __str__(self) -> str:
        return f"{self.location}: {self.message}" if self.location else self.message


class CfgError(DarknetError):
    """A .cfg file that cannot be read as a network."""


class UnknownSection(CfgError):
    """A section name neither fork knows."""


class BadOption(CfgError):
    """An option whose value cannot be what its key needs."""


class ShapeError(CfgError):
    """Layers whose sizes do not fit together."""


class WeightsError(DarknetError):
    """A .weights file that does not fit its cfg, or is none at all."""


class DataError(DarknetError):
    """A names, list or .data file that cannot be used, or the value of a function's argument."""


class ArgumentError(DataError, TypeError):
    """An argument of a type that is not taken, or a keyword that a function does not have."""


class ImageError(DataError):
    """An image that cannot be read."""


class OversizedImage(ImageError):
    """An image of more pixels than may be read. size: width and height in pixels."""

    def __init__(self, message: str, size: tuple[int, int]) -> None:
        super().__init__(message)
        self.size = size

    def __reduce__(self) -> tuple[type[OversizedImage], tuple[str, tuple[int, int]]]:
        """An error comes back from another process too, which makes it from its arguments."""
        return type(self), (self.message, self.size)


class DownloadError(DarknetError):
    """A published file that no address gives, or that may not be asked for."""


class OutputError(DarknetError):
    """A result that cannot be written."""


@dataclass(frozen=True)
class Notice:
    """What there is to say of an input file; `level` is "error", "warning" or "note"."""

    level: str
    location: Location
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.level, str(self.location), self.message) if part)


@dataclass
class Problems:
    """Collects notices while a file is read.

    strict: a warning counts as an error. collect: errors are kept instead of raised, so that a
    check can list everything wrong at once. failures: how many errors are kept.
    """

    strict: bool = False
    collect: bool = False
    notices: list[Notice] = field(default_factory=list)
    failures: int = 0

    def note(self, location: Location, message: str) -> None:
        self.notices.append(Notice("note", location, message))

    def warn(self, location: Location, message: str) -> None:
        if self.strict:
            self.fail(CfgError(message, location))
        else:
            self.notices.append(Notice("warning", location, message))

    def fail(self, error: CfgError) -> None:
        if not self.collect:
            raise error
        self.failures += 1
        self.notices.append(Notice("error", error.location or Location(), error.message))

    @property
    def errors(self) -> list[Notice]:
        return [notice for notice in self.notices if notice.level == "error"]


CANNOT_OPEN = (OSError, ValueError)
"""What opening a path raises: Python's ValueError is for a path that no file can have."""


def open_failure(failure: BaseException) -> str:
    """Why a path cannot be opened, in the system's words, or in Python's."""
    return getattr(failure, "strerror", None) or str(failure)


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """`; did you mean 'x'?`, or nothing when no known word is near.

    A word that differs in capitals only is nearest. cutoff: of difflib, 1 for no difference.
    """
    words = list(known)
    same = [other for other in words if other.lower() == word.lower()]
    match = same or difflib.get_close_matches(word, words, n=1, cutoff=cutoff)
    return f"; did you mean '{match[0]}'?" if match else ""
