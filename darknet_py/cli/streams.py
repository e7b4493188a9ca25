"""The program's stdin, stdout and stderr, whatever they are: closed, full, of another encoding."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import sys
from typing import IO

HANDLER = "darknet_py.raw_or_escaped"
MODES = {"stdin": "r", "stdout": "w", "stderr": "w"}
ESCAPED_BYTES = range(0xDC80, 0xDD00)
"""What Python makes of a byte of a file's name that is not UTF-8."""


def prepare_streams() -> None:
    """Names come in as they are and go out as they came; what cannot be written is escaped.

    A stream that is closed reads nothing and drops what is written, so that no file that is opened
    later gets its number, and with it what libraries print.
    """
    codecs.register_error(HANDLER, raw_or_escaped)
    for number, (name, mode) in enumerate(MODES.items()):
        if getattr(sys, name) is None:
            setattr(sys, name, _null(number, mode))
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            _reconfigure(stream, mode)


def _reconfigure(stream: io.TextIOWrapper, mode: str) -> None:
    if mode == "w":
        stream.reconfigure(errors=HANDLER)
    else:  # what is read are names of files
        stream.reconfigure(encoding=sys.getfilesystemencoding(), errors="surrogateescape")


def _null(number: int, mode: str) -> IO[str]:
    """The null device under the number of a closed stream."""
    there = os.open(os.devnull, os.O_RDWR)
    if there != number:
        os.dup2(there, number)
        os.close(there)
    return open(number, mode, encoding="utf-8", closefd=False)


def raw_or_escaped(error: UnicodeError) -> tuple[str | bytes, int]:
    """For `errors=`: the bytes of a name that is not UTF-8, \\xe9 for what cannot be encoded."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters = error.object[error.start : error.end]
    return b"".join(map(_encoded, characters)), error.end


def _encoded(character: str) -> bytes:
    code = ord(character)
    if code in ESCAPED_BYTES:
        return bytes([code - 0xDC00])
    return character.encode("ascii", "backslashreplace")


def discard_unwritten() -> None:
    """After stdout or stderr failed: what they still hold must not fail again when Python ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError):
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, stream.fileno())
                os.close(null)
