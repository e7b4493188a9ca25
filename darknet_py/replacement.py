"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from darknet_py.errors import OutputError


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the name `path` when all is written, and leaves no trace otherwise."""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as failure:
        raise OutputError(f"{path}: cannot be written: {failure.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as failure:
        raise OutputError(f"{path}: cannot be written: {failure.strerror}") from None
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def require_writable(target: Path) -> None:
    """Raises OutputError when a file of that path could not be written, before any work is done."""
    folder = target.parent
    if not folder.is_dir():
        raise OutputError(f"{target}: the folder {folder} does not exist; create it first")
    if target.is_dir():
        raise OutputError(f"{target}: is a directory, expected a file name")
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as failure:
        message = f"{target}: nothing can be written to {folder}: {failure.strerror}"
        raise OutputError(message) from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
