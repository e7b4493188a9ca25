"""What a file may be called, and whether one of that name could be written."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import tempfile
from pathlib import Path

from darknet_py.errors import CANNOT_OPEN, OutputError, open_failure

DEVICES, IN_MEMORY = ("/dev/", "/proc/"), "/dev/shm/"
LONGEST_NAME = 200
"""Bytes; most systems allow 255, and a temporary name is a little longer."""


def is_device(path: Path) -> bool:
    """Whether it is written to as it is (/dev/stdout, /dev/null, a pipe): a file that took its name
    would be the end of the device."""
    name = os.fspath(path)
    if name.startswith(DEVICES) and not name.startswith(IN_MEMORY):
        return True
    try:
        kind = path.stat().st_mode
    except CANNOT_OPEN:
        return False
    return not (stat.S_ISREG(kind) or stat.S_ISDIR(kind))


def temporary_name(name: str) -> str:
    """Hidden, beside the file, and no longer than names may be."""
    if len(os.fsencode(name)) > LONGEST_NAME:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return f".{name}.{secrets.token_hex(4)}"


def require_writable(target: Path) -> None:
    """Raises OutputError when a file of that path could not be written, before any work is done."""
    folder = target.parent
    if not os.path.isdir(folder):
        raise OutputError(f"{target}: the folder {folder} does not exist; create it first")
    if os.path.isdir(target):
        raise OutputError(f"{target}: is a directory, expected a file name")
    require_name(target)
    if is_device(target):
        return
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as failure:
        message = f"{target}: nothing can be written to {folder}: {failure.strerror}"
        raise OutputError(message) from None


def require_name(target: Path) -> None:
    """The system says of a name that is too long, or that no file can have, when it is asked."""
    if not target.name:
        raise OutputError(f"{target}: is a directory, expected a file name")
    try:
        os.lstat(target)
    except FileNotFoundError:
        pass
    except CANNOT_OPEN as failure:
        raise cannot_be_written(target, failure) from None


def cannot_be_written(path: Path, failure: BaseException) -> OutputError:
    return OutputError(f"{path}: cannot be written: {open_failure(failure)}")
