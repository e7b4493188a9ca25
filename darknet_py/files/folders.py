"""Folders, made whole or not at all, and files put into them."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from darknet_py.errors import CANNOT_OPEN, OutputError, open_failure
from darknet_py.files.replacing import MAKING, replacing

COPY_BYTES = 1 << 20


def make_folder(folder: Path) -> None:
    """With those above it, unless it is there. Raises OutputError when it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except CANNOT_OPEN as failure:
        raise OutputError(f"{folder}: cannot be made: {open_failure(failure)}") from None


@contextlib.contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder that takes the name `folder` when all in it is written, and leaves no trace else.

    Raises OutputError when there is something of that name that is no empty folder, and when it
    cannot be made.
    """
    making = folder.with_name(f"{MAKING}{secrets.token_hex(4)}")
    try:
        if os.path.lexists(folder) and (not folder.is_dir() or any(folder.iterdir())):
            raise OutputError(f"{folder}: is there already; name a new folder, or remove it")
        making.parent.mkdir(parents=True, exist_ok=True)
        making.mkdir()
    except CANNOT_OPEN as failure:
        raise OutputError(f"{folder}: cannot be made: {open_failure(failure)}") from None
    try:
        yield making
        _rename_folder(making, folder)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _rename_folder(made: Path, folder: Path) -> None:
    try:
        with contextlib.suppress(FileNotFoundError):
            folder.rmdir()  # Windows renames onto no folder, empty or not
        os.replace(made, folder)
    except OSError as failure:
        raise OutputError(f"{folder}: cannot be made: {failure.strerror}") from None


def copy_stream(source: IO[bytes], target: Path) -> None:
    """Write all that is left of an open file; one of many, so that it is not waited for."""
    with replacing(target, durable=False) as file:
        shutil.copyfileobj(source, file, COPY_BYTES)


def _copied(source: Path, target: Path) -> None:
    try:
        with open(source, "rb") as file:
            copy_stream(file, target)
    except CANNOT_OPEN as failure:
        raise OutputError(f"{source}: cannot be copied: {open_failure(failure)}") from None


def _linked(source: Path, target: Path) -> None:
    try:
        os.symlink(source.resolve(), target)
    except OSError as failure:
        cure = "copy it instead (--place copy)"
        raise OutputError(f"{target}: cannot be a link: {failure.strerror}; {cure}") from None


PLACE_BY: dict[str, Callable[[Path, Path], None]] = {"copy": _copied, "link": _linked}
"""How a file that is there is put at a second place; a link leads to it by its whole path."""
