"""-log FILE of Hank.ai's program: what is printed goes to a file as well.

That program writes to the file instead of the terminal; here both have it.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, TextIO


class CopiedBytes(io.RawIOBase):
    """The bytes below a copied stream, for what writes them itself."""

    def __init__(self, stream: BinaryIO, copy: BinaryIO) -> None:
        super().__init__()
        self.stream, self.copy = stream, copy

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.copy.write(data)
        return self.stream.write(data)

    def flush(self) -> None:
        self.copy.flush()
        self.stream.flush()


class CopiedText(io.TextIOBase):
    """A stream of text whose copy goes to a file, at once.

    It is no terminal: a log has lines, not what moves on a screen.
    """

    def __init__(self, stream: TextIO, copy: BinaryIO) -> None:
        super().__init__()
        self.stream, self.copy = stream, copy

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self.stream.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        return self.stream.errors

    @property
    def buffer(self) -> CopiedBytes:
        return CopiedBytes(self.stream.buffer, self.copy)

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.copy.write(text.encode("utf-8", "surrogateescape"))
        self.copy.flush()
        return self.stream.write(text)

    def flush(self) -> None:
        self.stream.flush()

    def fileno(self) -> int:
        return self.stream.fileno()


@contextmanager
def copied_to(path: str) -> Iterator[None]:
    """Inside, stdout and stderr are written to the end of a file as well."""
    streams = sys.stdout, sys.stderr
    with open(path, "ab", buffering=0) as copy:
        sys.stdout, sys.stderr = (CopiedText(stream, copy) for stream in streams)
        try:
            yield
        finally:
            sys.stdout, sys.stderr = streams
