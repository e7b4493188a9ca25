"""Checksums of what files hold."""

from __future__ import annotations

import hashlib
from pathlib import Path

CHUNK = 1 << 20


def file_digest(path: Path, kind: str = "sha256") -> bytes:
    """The checksum of a file's content; kind: a name of hashlib. Raises OSError."""
    # Old publications have SHA-1 and MD5 only: they tell a broken file, if not a forged one.
    made = hashlib.new(kind, usedforsecurity=False)
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            made.update(chunk)
    return made.digest()
