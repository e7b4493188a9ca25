"""Files that take their name when all is written, and leave no trace otherwise."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from darknet_py.files.locks import is_held, known, locked
from darknet_py.files.naming import cannot_be_written, is_device, require_name, temporary_name

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
    require_name(path)
    temporary = path.with_name(temporary_name(path.name))
    try:
        if is_device(path):
            with open(path, "wb") as file:
                yield file
            return
        with open(temporary, "xb") as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as failure:
        raise cannot_be_written(path, failure) from None
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)


def encoded(text: str) -> bytes:
    """A text as a file holds it: UTF-8, in which names that are not go as they came."""
    return text.encode("utf-8", "surrogateescape")


@contextlib.contextmanager
def replacing_path(path: Path, name: Callable[[Path], str] | None = None) -> Iterator[Path]:
    """The same for programs that write to a name: it lies in a new folder beside `path`.

    name: the one it takes instead, from what was written. Whatever else appears in that folder goes
    with it. Raises OSError.
    """
    folder = Path(tempfile.mkdtemp(prefix=MAKING, dir=path.parent))
    try:
        with locked(folder / LOCK):
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
    if not known(folder / LOCK):
        return age > LONGEST
    return age >= SETTLED and not is_held(folder / LOCK)


def take_name(part: Path, path: Path) -> None:
    """A file that was written before, bit by bit, is on the disk and then called `path`.

    Raises OutputError.
    """
    try:
        with open(part, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as failure:
        raise cannot_be_written(path, failure) from None
