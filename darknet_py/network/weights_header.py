"""The head of a .weights file: its version, and how many images the weights have seen."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass

from darknet_py.errors import CANNOT_OPEN, WeightsError, open_failure

_VERSION = struct.Struct("<iii")
MAX_VERSION = 100_000
"""Versions of real files are below 10; files of the transposed era add 1000s."""
HEAD_BYTES = 512
"""Of a file, enough to tell what it is."""
_TEXT = frozenset({9, 10, 13, *range(32, 127)})
DOWNLOADED_INSTEAD = (
    (b"version https://git-lfs", "is a git-lfs pointer, not the weights: run `git lfs pull`"),
    (b"<!doctype", "is an HTML page, not weights: the download link led to a web page"),
    (b"<html", "is an HTML page, not weights: the download link led to a web page"),
)
"""How a file begins that a server gave in the place of another, and what it is."""

IMPOSTORS = (
    *DOWNLOADED_INSTEAD,
    (b"[net]", "is a cfg; are cfg and weights swapped?"),
    (b"\xff\xd8\xff", "is a JPEG image, not weights; WEIGHTS come before the images"),
    (b"\x89png", "is a PNG image, not weights; WEIGHTS come before the images"),
    (b"pk\x03\x04", "is a zip archive (a PyTorch .pt file?), not Darknet weights"),
)


@dataclass(frozen=True)
class Header:
    """Version and images seen; `seen` takes 8 bytes from version 0.2 on, 4 before."""

    major: int
    minor: int
    revision: int
    seen: int

    @property
    def version(self) -> tuple[int, int, int]:
        return self.major, self.minor, self.revision

    @property
    def wide(self) -> bool:
        # pjreddie's rule: versions above 1000 mark transposed files, which are as old as 0.1.
        return self.major * 10 + self.minor >= 2 and self.major < 1000 and self.minor < 1000

    @property
    def transposed(self) -> bool:
        """Connected matrices are stored [in][out]."""
        return self.major > 1000 or self.minor > 1000

    @property
    def size(self) -> int:
        return 20 if self.wide else 16

    def pack(self) -> bytes:
        seen = struct.pack("<Q" if self.wide else "<I", self.seen)
        return _VERSION.pack(self.major, self.minor, self.revision) + seen


def measured(name: str, content: bytes | None = None) -> tuple[int, Header, float]:
    """Bytes, header and floats of a file; raises WeightsError for one that is no .weights file."""
    size = _size(name) if content is None else len(content)
    head = _head(name) if content is None else content[:HEAD_BYTES]
    header = _read_header(name, size, head)
    return size, header, (size - header.size) / 4


def _size(name: str) -> int:
    try:
        if os.path.isdir(name):
            raise WeightsError(f"{name}: is a directory, expected a .weights file")
        return os.path.getsize(name)
    except FileNotFoundError:
        raise WeightsError(f"{name}: no such file; check the path") from None
    except CANNOT_OPEN as failure:
        raise WeightsError(f"{name}: cannot be read: {open_failure(failure)}") from None


def _head(name: str) -> bytes:
    try:
        with open(name, "rb") as file:
            return file.read(HEAD_BYTES)
    except CANNOT_OPEN as failure:
        raise WeightsError(f"{name}: cannot be read: {open_failure(failure)}") from None


def _read_header(name: str, size: int, head: bytes) -> Header:
    _refuse_text(name, head)
    _require_bytes(name, size, 16)
    version: tuple[int, int, int] = _VERSION.unpack(head[:12])
    if not all(0 <= number < MAX_VERSION for number in version):
        words = ".".join(map(str, version))
        raise WeightsError(f"{name}: is no .weights file (its version would be {words})")
    header_size = Header(*version, 0).size
    _require_bytes(name, size, header_size)
    return Header(*version, int.from_bytes(head[12:header_size], "little"))


def _require_bytes(name: str, size: int, needed: int) -> None:
    if size < needed:
        message = f"has {size} bytes, less than the {needed} of its header"
        raise WeightsError(f"{name}: {message}; the download was cut off")


def _refuse_text(name: str, head: bytes) -> None:
    if not head:
        raise WeightsError(f"{name}: is empty; the download was cut off")
    start = head.lstrip().lower()
    for mark, message in IMPOSTORS:
        if start.startswith(mark):
            raise WeightsError(f"{name}: {message}")
    if len(head) >= 8 and all(byte in _TEXT for byte in head):
        raise WeightsError(f"{name}: is a text file, not weights")
