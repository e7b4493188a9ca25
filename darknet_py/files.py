"""Writing files, the whole of it or nothing: every writer of the package goes through here."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from darknet_py.errors import OutputError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

MAKING, LOCK = ".making-", "lock"
SETTLED = 60.0
"""Seconds within which whoever made a folder has its lock."""
LONGEST = 6 * 3600.0
"""Seconds that nothing takes to be made."""


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
def replacing_path(path: Path, name: Callable[[Path], str] | None = None) -> Iterator[Path]:
    """The same for programs that write to a name: it lies in a new folder beside `path`.

    name: the one it takes instead, from what was written. Whatever else appears in that folder goes
    with it. Raises OSError.
    """
    folder = Path(tempfile.mkdtemp(prefix=MAKING, dir=path.parent))
    try:
        with _locked(folder / LOCK):
            made = folder / path.name
            yield made
            with open(made, "rb+") as file:
                os.fsync(file.fileno())
            os.replace(made, path.with_name(name(made)) if name else path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clear_abandoned(directory: Path) -> None:
    """Remove the folders of replacing_path whose process was killed."""
    for folder in directory.glob(f"{MAKING}*"):
        with contextlib.suppress(OSError):
            if _abandoned(folder, time.time() - folder.stat().st_mtime):
                shutil.rmtree(folder, ignore_errors=True)


def _abandoned(folder: Path, age: float) -> bool:
    """Whether nobody holds the lock; where locks are not known or not there, by its age."""
    if fcntl is None or not (folder / LOCK).exists():
        return age > LONGEST
    if age < SETTLED:
        return False
    with open(folder / LOCK, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """The system gives the lock back when the process ends, however it does."""
    with open(path, "wb") as file:
        if fcntl is not None:
            with contextlib.suppress(OSError):  # some network's disks have none
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def append(path: Path, data: bytes) -> None:
    """Add to a log that grows while a run goes on: a killed one may leave a part of `data`.

    Raises OutputError when it cannot be written.
    """
    try:
        with open(path, "ab") as file:
            file.write(data)
    except OSError as failure:
        raise _cannot_be_written(path, failure) from None


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
