"""Locks between processes: files that one of them holds at a time."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from darknet_py.files.naming import cannot_be_written

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

LOOKS_AGAIN = 0.1
"""Seconds between two looks at a lock that another process has."""


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """The system gives the lock back when the process ends, however it does."""
    with open(path, "wb") as file:
        if fcntl is not None:
            with contextlib.suppress(OSError):  # some network's disks have none
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def exclusive(path: Path, waits: Callable[[], object]) -> Iterator[None]:
    """One process at a time is inside: `path` is a file that serves as the lock, and stays.

    waits: called once if another is inside. Where the system has no locks nobody waits. Raises
    OutputError when the file cannot be made.
    """
    try:
        lock = open(path, "ab")  # noqa: SIM115 - closed below
    except OSError as failure:
        raise cannot_be_written(path, failure) from None
    with lock:
        if not _taken(lock):
            waits()
            while not _taken(lock):
                time.sleep(LOOKS_AGAIN)
        yield


def _taken(lock: BinaryIO) -> bool:
    """Whether we have it: asked for again and again, so that Ctrl-C ends the wait."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # some network's disks have none
        return True
    return True


def known(path: Path) -> bool:
    """Whether there are locks on this system, and one of this name."""
    return fcntl is not None and path.exists()


def is_held(path: Path) -> bool:
    """Whether some process has it. Raises OSError, where the disk has no locks too."""
    with open(path, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
