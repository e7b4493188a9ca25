"""Whole text files: what they may be, and how their bytes become characters."""

from __future__ import annotations

import codecs
import os

from darknet_py.errors import CANNOT_OPEN, DarknetError, Location, open_failure

MAX_BYTES = 4 * 1024 * 1024
"""Of a cfg, names or .data file; the largest published cfg has 60 kB."""
ENCODINGS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Byte order mark -> encoding; UTF-32's little-endian mark starts with that of UTF-16."""


def read_text(
    path: str | os.PathLike[str],
    what: str,
    error: type[DarknetError],
    *,
    paths: bool = False,
    most: int | None = MAX_BYTES,
) -> str:
    """A whole text file, with one clear line for whatever else the path may be.

    what: as in "a cfg". error: the type that is raised. paths: whether the text holds paths, see
    `decoded`. most: bytes of a file that can be one, None for any number.
    """
    location = Location(os.fspath(path))
    if not location.path:
        raise error(f"an empty path, expected that of {what} file")
    try:
        with open(path, "rb") as file:
            raw = file.read(-1 if most is None else most + 1)
    except FileNotFoundError:
        raise error("no such file; check the path", location) from None
    except IsADirectoryError:
        raise error(f"is a directory, expected {what} file", location) from None
    except CANNOT_OPEN as failure:
        raise error(f"cannot be read: {open_failure(failure)}", location) from None
    if most is not None and len(raw) > most:
        raise error(f"is larger than {most >> 20} MB, expected {what} file", location)
    text = decoded(raw, paths)
    if "\0" in text:
        message = f"is a binary file, expected {what} file; are cfg and weights swapped?"
        raise error(f"{message} UTF-16 needs its byte order mark", location)
    return text


def decoded(raw: bytes, paths: bool = False) -> str:
    """The characters of a text file: what its byte order mark says, else UTF-8.

    Bytes that are no UTF-8 make the whole text Latin-1, in which no two words become alike; with
    `paths` each of them is kept as Python keeps it in the names of files, so that these are found.
    """
    encoding = next((name for mark, name in ENCODINGS.items() if raw.startswith(mark)), None)
    if encoding in ("utf-16", "utf-32"):
        return raw.decode(encoding, errors="replace")
    try:
        return raw.decode("utf-8-sig", errors="surrogateescape" if paths else "strict")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
