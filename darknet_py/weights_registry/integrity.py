"""Whether a file is the one that was published: its size, its checksum, what it begins with."""

from __future__ import annotations

import os
from pathlib import Path

from darknet_py.files import file_digest
from darknet_py.network.weights_header import DOWNLOADED_INSTEAD
from darknet_py.weights_registry.registry import RegistryFile

HEAD = 512
"""Bytes that tell a web page from what was asked for."""


def right_size(path: Path, file: RegistryFile) -> bool:
    """Whether a file is there and has a size that it may have."""
    try:
        return os.path.getsize(path) in file.sizes
    except OSError:
        return False


def impostor(head: bytes) -> str:
    """What a file that begins so is instead of weights or a cfg, "" for none that is known."""
    start = head.lstrip().lower()
    return next((told for mark, told in DOWNLOADED_INSTEAD if start.startswith(mark)), "")


def issue(path: Path, file: RegistryFile) -> str:
    """What is wrong with a file that is there, "" for nothing. Raises OSError."""
    with open(path, "rb") as opened:
        if told := impostor(opened.read(HEAD)):
            return told
    size = os.path.getsize(path)
    if size not in file.sizes:
        return f"has {size} bytes, expected {sizes_text(file)}"
    if file.checksum is None:
        return ""
    kind, expected = file.checksum
    actual = file_digest(path, kind).hex()
    return "" if actual == expected else f"has {kind} {actual}, published is {expected}"


def sizes_text(file: RegistryFile) -> str:
    """The sizes that it may have, in words."""
    return " or ".join(map(str, file.sizes))
