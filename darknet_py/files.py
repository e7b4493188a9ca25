"""Writing files, the whole of it or nothing: every writer of the package goes through here."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from io import RawIOBase
from pathlib import Path
from typing import BinaryIO

from darknet_py.errors import OutputError


@contextlib.contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[BinaryIO]:
    """A file that takes the name `path` when all is written, and leaves no trace otherwise.

    durable: on the disk before it takes the name, so that after a loss of power the old file is
    there or the new one. Turned off where many small files are written that can be made again.
    Raises OutputError when it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with open(temporary, "xb") as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as failure:
        raise _cannot_be_written(path, failure) from None
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)


@contextlib.contextmanager
def replacing_path(path: Path) -> Iterator[Path]:
    """The same for programs that write to a name: it lies in a new folder beside `path`.

    Whatever else appears in that folder goes with it. Raises OSError.
    """
    folder = tempfile.mkdtemp(prefix=".making-", dir=path.parent)
    try:
        made = Path(folder) / path.name
        yield made
        with open(made, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(made, path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def append(path: Path, data: bytes) -> None:
    """Add to a log that grows while a run goes on: a killed one may leave a part of `data`.

    Raises OutputError when it cannot be written; the file is as before then.
    """
    try:
        with open(path, "ab", buffering=0) as file:
            size = file.tell()
            try:
                _write_all(file, data)
            except OSError:
                file.truncate(size)
                raise
    except OSError as failure:
        raise _cannot_be_written(path, failure) from None


def _write_all(file: RawIOBase, data: bytes) -> None:
    """A disk that fills up takes a part, and raises at the next one."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


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


def _cannot_be_written(path: Path, failure: OSError) -> OutputError:
    return OutputError(f"{path}: cannot be written: {failure.strerror}")
