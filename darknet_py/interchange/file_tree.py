"""The files of a data set, in a folder or in a zip archive, which is read without unpacking it."""

from __future__ import annotations

import lzma
import os
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from darknet_py.cfg.text_file import decoded
from darknet_py.errors import CANNOT_OPEN, DataError, open_failure
from darknet_py.files import PLACE_BY, copy_stream

MOST_TEXT, MOST_JSON = 256 << 20, 1 << 30
"""Bytes of a label file or list, and of a file of annotations (COCO's largest has 470 MB)."""
UNREADABLE = (
    *(*CANNOT_OPEN, zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(EOFError, RuntimeError, NotImplementedError),
)
"""What opening and unpacking raise."""


class FileTree(Protocol):
    """Files by their names: parts with / between them, below the folder or in the archive."""

    @property
    def label(self) -> str:
        """What the user called it."""

    @property
    def names(self) -> tuple[str, ...]:
        """Sorted."""

    def open(self, name: str) -> IO[bytes]:
        """Raises OSError."""

    def size(self, name: str) -> int:
        """In bytes; raises OSError."""

    def place(self, name: str, target: Path, how: str) -> None:
        """Put it there; raises OutputError."""


@dataclass(frozen=True)
class StoredFile:
    """A file of a tree."""

    tree: FileTree
    name: str

    def __str__(self) -> str:
        return f"{self.tree.label}/{self.name}" if self.tree.label else self.name

    @property
    def base(self) -> str:
        """The last part of its name."""
        return PurePosixPath(self.name).name

    def read(self, most: int = MOST_TEXT) -> bytes:
        """All its bytes; raises DataError when it cannot be read or has more than `most`."""
        try:
            with self.tree.open(self.name) as file:
                data = file.read(most + 1)
        except UNREADABLE as failure:
            raise DataError(f"{self}: cannot be read: {open_failure(failure)}") from None
        if len(data) > most:
            raise DataError(f"{self}: is larger than {most / 2**20:g} MB, which no such file is")
        return data

    def head(self, count: int) -> tuple[bytes, int]:
        """The first bytes, and how many there are in all; raises DataError."""
        try:
            with self.tree.open(self.name) as file:
                return file.read(count), self.tree.size(self.name)
        except UNREADABLE as failure:
            raise DataError(f"{self}: cannot be read: {open_failure(failure)}") from None

    def text(self, most: int = MOST_TEXT) -> str:
        """Its characters; bytes that are no UTF-8 stay as those of a path do."""
        return decoded(self.read(most), paths=True)

    def lines(self) -> list[str]:
        """Its lines that are not blank, without blanks around them."""
        text = self.text().replace("\r", "\n")
        return [line.strip() for line in text.split("\n") if line.strip()]

    def place(self, target: Path, how: str) -> None:
        """Put it there. how: a key of files.PLACE_BY; what lies in a zip is always unpacked."""
        self.tree.place(self.name, target, how)


@dataclass(frozen=True, eq=False)
class FolderTree:
    """The files of a folder on the disk."""

    root: Path
    names: tuple[str, ...]
    label: str

    def path(self, name: str) -> Path:
        return self.root / name

    def open(self, name: str) -> IO[bytes]:
        return open(self.path(name), "rb")

    def size(self, name: str) -> int:
        return os.path.getsize(self.path(name))

    def place(self, name: str, target: Path, how: str) -> None:
        PLACE_BY[how](self.path(name), target)


@dataclass(frozen=True, eq=False)
class ZipTree:
    """The files of an archive. prefix: the folder in it that holds all of them, or ""."""

    archive: zipfile.ZipFile
    names: tuple[str, ...]
    label: str
    prefix: str = ""

    def open(self, name: str) -> IO[bytes]:
        return self.archive.open(self.prefix + name)

    def size(self, name: str) -> int:
        return self.archive.getinfo(self.prefix + name).file_size

    def place(self, name: str, target: Path, how: str) -> None:
        try:
            with self.open(name) as file:
                copy_stream(file, target)
        except UNREADABLE as failure:
            message = f"{self.label}/{name}: cannot be unpacked: {open_failure(failure)}"
            raise DataError(message) from None
