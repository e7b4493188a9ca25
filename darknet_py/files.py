"""Writing files, the whole of it or nothing: every writer of the package goes through here."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from io import RawIOBase
from pathlib import Path
from typing import IO, BinaryIO

from darknet_py.errors import CANNOT_OPEN, OutputError, open_failure

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

MAKING, LOCK = ".making-", "lock"
SETTLED = 60.0
"""Seconds within which whoever made a folder has its lock."""
DEVICES, IN_MEMORY = ("/dev/", "/proc/"), "/dev/shm/"
LONGEST_NAME = 200
"""Bytes; most systems allow 255, and a temporary name is a little longer."""
LOOKS_AGAIN = 0.1
"""Seconds between two looks at a lock that another process has."""
LONGEST = 6 * 3600.0
"""Seconds that nothing takes to be made."""
COPY_BYTES = 1 << 20
RENAMES_OPEN_FILES = os.name != "nt"


@contextlib.contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[BinaryIO]:
    """A file that takes the name `path` when all is written, and leaves no trace otherwise.

    durable: on the disk before it takes the name, so that after a loss of power the old file is
    there or the new one. Turned off where many small files are written that can be made again.
    Raises OutputError when it cannot be written.
    """
    _require_name(path)
    temporary = path.with_name(_temporary(path.name))
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
        raise _cannot_be_written(path, failure) from None
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)


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


def _temporary(name: str) -> str:
    """Hidden, beside the file, and no longer than names may be."""
    if len(os.fsencode(name)) > LONGEST_NAME:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return f".{name}.{secrets.token_hex(4)}"


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


@contextlib.contextmanager
def exclusive(path: Path, waits: Callable[[], object]) -> Iterator[None]:
    """One process at a time is inside: `path` is a file that serves as the lock, and stays.

    waits: called once if another is inside. Where the system has no locks nobody waits. Raises
    OutputError when the file cannot be made.
    """
    try:
        lock = open(path, "ab")  # noqa: SIM115 - closed below
    except OSError as failure:
        raise _cannot_be_written(path, failure) from None
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


def take_name(part: Path, path: Path) -> None:
    """A file that was written before, bit by bit, is on the disk and then called `path`.

    Raises OutputError.
    """
    try:
        with open(part, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as failure:
        raise _cannot_be_written(path, failure) from None


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


class GrowingFile:
    """A file that is whole, and can be read by others, after each write to it.

    It takes its name when `take_name` is called; until then the old file stays, and closing leaves
    no trace. Where no open file can be renamed, on Windows, it takes the name when it is closed.
    size: its bytes so far. named: whether the name was asked for. device: nothing in it can be
    written over.
    """

    def __init__(self, path: Path) -> None:
        """Raises OutputError when it cannot be written."""
        _require_name(path)
        self.path, self.size, self.device = path, 0, is_device(path)
        self._temporary = path if self.device else path.with_name(_temporary(path.name))
        self.named = False
        try:
            self._file = open(self._temporary, "wb", buffering=0)  # noqa: SIM115 - see close
        except OSError as failure:
            raise _cannot_be_written(path, failure) from None

    def write(self, data: bytes, over: bytes = b"") -> None:
        """Add to the end. over: what the file ends with and `data` takes the place of; not for
        devices. Raises OutputError when there is no room; the file is as before then."""
        start = self.size - len(over)
        try:
            if over:
                self._file.seek(start)
            try:
                _write_all(self._file, data)
            except OSError:
                self._put_back(start, over)
                raise
        except OSError as failure:
            raise _cannot_be_written(self.path, failure) from None
        self.size = start + len(data)

    def _put_back(self, start: int, over: bytes) -> None:
        with contextlib.suppress(OSError):
            self._file.truncate(start)
            self._file.seek(start)
            _write_all(self._file, over)

    def patch(self, offset: int, data: bytes) -> None:
        """Write over bytes that are there; not for devices. Raises OutputError."""
        try:
            self._file.seek(offset)
            _write_all(self._file, data)
            self._file.seek(self.size)
        except OSError as failure:
            raise _cannot_be_written(self.path, failure) from None

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
            raise _cannot_be_written(self.path, failure) from None
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


def require_writable(target: Path) -> None:
    """Raises OutputError when a file of that path could not be written, before any work is done."""
    folder = target.parent
    if not os.path.isdir(folder):
        raise OutputError(f"{target}: the folder {folder} does not exist; create it first")
    if os.path.isdir(target):
        raise OutputError(f"{target}: is a directory, expected a file name")
    _require_name(target)
    if is_device(target):
        return
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as failure:
        message = f"{target}: nothing can be written to {folder}: {failure.strerror}"
        raise OutputError(message) from None


def _require_name(target: Path) -> None:
    """The system says of a name that is too long, or that no file can have, when it is asked."""
    if not target.name:
        raise OutputError(f"{target}: is a directory, expected a file name")
    try:
        os.lstat(target)
    except FileNotFoundError:
        pass
    except CANNOT_OPEN as failure:
        raise _cannot_be_written(target, failure) from None


def _cannot_be_written(path: Path, failure: BaseException) -> OutputError:
    return OutputError(f"{path}: cannot be written: {open_failure(failure)}")
