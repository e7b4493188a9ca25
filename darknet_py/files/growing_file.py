"""Files that grow while a run goes on, and can be read by others meanwhile."""

from __future__ import annotations

import contextlib
import os
from io import RawIOBase
from pathlib import Path

from darknet_py.files.naming import cannot_be_written, is_device, require_name, temporary_name

RENAMES_OPEN_FILES = os.name != "nt"


def append(path: Path, data: bytes) -> None:
    """Add to a log that grows while a run goes on: a killed one may leave a part of `data`.

    Raises OutputError when it cannot be written; the file is as before then.
    """
    try:
        with open(path, "ab", buffering=0) as file:
            size = file.tell()
            try:
                write_all(file, data)
            except OSError:
                file.truncate(size)
                raise
    except OSError as failure:
        raise cannot_be_written(path, failure) from None


def write_all(file: RawIOBase, data: bytes) -> None:
    """A disk that fills up takes a part, and raises at the next one."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


class GrowingFile:
    """A file that is whole, and can be read by others, after each write to it.

    It takes its name when `take_name` is called; until then the old file stays, and closing leaves
    no trace. Where no open file can be renamed, on Windows, it takes the name when it is closed.
    size: its bytes so far. named: whether the name was asked for. device: nothing in it can be
    written over.
    """

    def __init__(self, path: Path) -> None:
        """Raises OutputError when it cannot be written."""
        require_name(path)
        self.path, self.size, self.device = path, 0, is_device(path)
        self._temporary = path if self.device else path.with_name(temporary_name(path.name))
        self.named = False
        try:
            self._file = open(self._temporary, "wb", buffering=0)  # noqa: SIM115 - see close
        except OSError as failure:
            raise cannot_be_written(path, failure) from None

    def write(self, data: bytes, over: bytes = b"") -> None:
        """Add to the end. over: what the file ends with and `data` takes the place of; not for
        devices. Raises OutputError when there is no room; the file is as before then."""
        start = self.size - len(over)
        try:
            if over:
                self._file.seek(start)
            try:
                write_all(self._file, data)
            except OSError:
                self._put_back(start, over)
                raise
        except OSError as failure:
            raise cannot_be_written(self.path, failure) from None
        self.size = start + len(data)

    def _put_back(self, start: int, over: bytes) -> None:
        with contextlib.suppress(OSError):
            self._file.truncate(start)
            self._file.seek(start)
            write_all(self._file, over)

    def patch(self, offset: int, data: bytes) -> None:
        """Write over bytes that are there; not for devices. Raises OutputError."""
        try:
            self._file.seek(offset)
            write_all(self._file, data)
            self._file.seek(self.size)
        except OSError as failure:
            raise cannot_be_written(self.path, failure) from None

    def take_name(self) -> None:
        """What was written so far is worth the name. Raises OutputError."""
        self.named = True
        if RENAMES_OPEN_FILES:
            self._rename()

    def _rename(self) -> None:
        if self._temporary == self.path:
            return
        try:
            os.replace(self._temporary, self.path)
        except OSError as failure:
            raise cannot_be_written(self.path, failure) from None
        self._temporary = self.path

    def close(self) -> None:
        """Any number of times. Raises OutputError."""
        if self._file.closed:
            return
        try:
            with contextlib.suppress(OSError):  # devices have nothing to wait for
                os.fsync(self._file.fileno())
            self._file.close()
            if self.named:
                self._rename()
        finally:
            if self._temporary != self.path:
                with contextlib.suppress(OSError):
                    os.unlink(self._temporary)
