"""What is said of an exception: the one place where errors of the system become a line.

Errors of the package say all themselves. Those of the system, of encodings and of memory may come
from anywhere, also from libraries; what is none of them is a bug, whose traceback must be seen.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from darknet_py.errors import DarknetError

CURES: Mapping[int, str] = {
    errno.ENAMETOOLONG: "give a shorter name",
    errno.ENOENT: "check the path",
    errno.ENOTDIR: "a part of the path is a file, not a folder",
    errno.EISDIR: "expected a file",
    errno.ELOOP: "its links lead in a circle",
    errno.EACCES: "look at the rights of the file and of its folders",
    errno.EPERM: "look at the rights of the file and of its folders",
    errno.EROFS: "write somewhere else",
    errno.ENOSPC: "make room, or write somewhere else",
    errno.EDQUOT: "make room, or write somewhere else",
    errno.EMFILE: "allow more with `ulimit -n`",
    errno.ENFILE: "close other programs",
    errno.ENOMEM: "take smaller images, a smaller network or batch",
    errno.EBADF: "a stream of the program is closed",
}
NO_ROOM = re.compile(
    r"can't allocate memory|out of memory|bad_alloc|Failed to allocate|Cannot allocate"
)
"""How torch, CUDA, C++ and OpenCV say that memory is gone."""
NULL = re.compile(r"embedded null (byte|character)|null bytes?")


def line_of(error: BaseException) -> str | None:
    """The line for an exception, None for one that is a bug."""
    lines = (say(error) for kind, say in LINES if isinstance(error, kind))
    return next((line for line in lines if line), None)


def _of_system(error: Any) -> str | None:
    """A file's name where there is one; a stream has none."""
    reason = error.strerror or str(error) or type(error).__name__
    where = "".join(f"{shown(name)}: " for name in (error.filename,) if name is not None)
    cure = CURES.get(error.errno)
    return f"{where or 'reading or writing: '}{reason}" + (f"; {cure}" if cure else "")


def shown(name: str | bytes | int) -> str:
    """A path as it can be written, of any length."""
    text = os.fsdecode(name) if isinstance(name, bytes) else str(name)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _of_encoding(error: Any) -> str:
    """An encoder's or a decoder's: they hold the text and where it stops."""
    part = error.object[error.start : error.start + 20]
    cure = "set LC_ALL=C.UTF-8 and PYTHONUTF8=1, or rename what is named so"
    return f"{part!a} is no text in the encoding {error.encoding} ({error.reason}); {cure}"


def _of_memory(error: BaseException) -> str:
    first = next(iter(str(error).splitlines()), "")
    said = f" ({first[:LONGEST]})" if first else ""
    return f"there is not enough memory{said}; {CURES[errno.ENOMEM]}"


def _of_value(error: BaseException) -> str | None:
    if NULL.search(str(error)):
        return "a path holds a null byte; check the lists and files that name it"
    return None


def _of_library(error: BaseException) -> str | None:
    return _of_memory(error) if NO_ROOM.search(str(error)) else None


LONGEST = 200
LINES: tuple[tuple[type[BaseException], Callable[[Any], str | None]], ...] = (
    (DarknetError, str),
    (OSError, _of_system),
    (UnicodeEncodeError, _of_encoding),
    (UnicodeDecodeError, _of_encoding),
    (MemoryError, _of_memory),
    (ValueError, _of_value),
    (Exception, _of_library),
)
"""Exception -> what is said of it; the first row that has something to say."""
