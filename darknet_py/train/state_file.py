"""The file of a training's state: a zip archive of .npy arrays, and what each of them must be.

It is untrusted input. Every array is declared beforehand, by shape and type, so that what a file
claims is compared before memory is taken for it; headers are matched, never evaluated.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from darknet_py.errors import Location, WeightsError
from darknet_py.files import replacing

FACTS = "facts"
MOST_FACTS = 8192
"""Bytes of the facts, a JSON text of a few hundred."""
HEADER_ROOM = 1024
"""Bytes that an array's header may have; numpy writes 128."""
NAME_ROOM = 1024
"""Bytes an entry of the archive may have beside its content: twice its name, and what zip adds."""
START = b"\x93NUMPY\x01\x00"
HEADER = re.compile(
    rb"\{'descr': '([<>|=][biufc][0-9]{1,2})', 'fortran_order': False, "
    rb"'shape': \(((?:[0-9]{1,18}, ?)*(?:[0-9]{1,18})?)\), \} *\n"
)
"""What numpy writes for an array whose last axis is contiguous."""
COMPRESSION = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 1
DAMAGE = (
    OSError,
    ValueError,
    KeyError,
    IndexError,
    EOFError,
    OverflowError,
    RuntimeError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
)
"""What zipfile, zlib and json raise for damaged input."""
CURE = "start from the .weights file"


@dataclass(frozen=True)
class ArraySpec:
    """What an array must be."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True)
class StateArchive:
    """A state that is open for reading. entries: by array name."""

    path: Path
    archive: zipfile.ZipFile
    entries: dict[str, zipfile.ZipInfo]

    def facts(self) -> Any:
        """What the JSON text says; raises WeightsError when there is none."""
        if FACTS not in self.entries:
            refuse(self.path, f"is no state of a training (it has no {FACTS}); {CURE}")
        self._require_size(FACTS, MOST_FACTS)
        with self._damage(), self.archive.open(self.entries[FACTS]) as stream:
            found = _header(stream)
            text = stream.read()
            if found is None or found != ArraySpec((len(text),), np.dtype(np.uint8)):
                raise ValueError("facts are no text")
            return json.loads(text)

    def arrays(self, declared: Mapping[str, ArraySpec]) -> dict[str, NDArray[Any]]:
        """The arrays, of just these names, shapes and types; raises WeightsError."""
        odd = sorted(declared.keys() ^ (self.entries.keys() - {FACTS}))
        if odd:
            which = "missing" if odd[0] in declared else "not of this network"
            refuse(self.path, f"{odd[0]} does not fit, it is {which}; is it of another cfg?")
        for name, spec in declared.items():
            self._require_spec(name, spec)
        return {name: self._read(name, spec) for name, spec in declared.items()}

    def _require_spec(self, name: str, spec: ArraySpec) -> None:
        with self._damage(), self.archive.open(self.entries[name]) as stream:
            found = _header(stream)
        if found is None:
            refuse(self.path, "its header is no plain array's", name)
        if found.shape != spec.shape:
            message = f"has shape {found.shape}, expected {spec.shape}; is it of another cfg?"
            refuse(self.path, message, name)
        if found.dtype != spec.dtype:
            refuse(self.path, f"has type {found.dtype}, expected {spec.dtype}", name)
        self._require_size(name, spec.nbytes)

    def _require_size(self, name: str, content: int) -> None:
        """Before anything is unpacked."""
        entry, most = self.entries[name], content + HEADER_ROOM
        if entry.file_size > most:
            refuse(self.path, f"claims {entry.file_size} bytes, expected at most {most}", name)

    def _read(self, name: str, spec: ArraySpec) -> NDArray[Any]:
        with self._damage(), self.archive.open(self.entries[name]) as stream:
            _header(stream)
            data = stream.read()
        if len(data) != spec.nbytes:
            refuse(self.path, f"has {len(data)} bytes, expected {spec.nbytes}", name)
        # Copied: torch takes no read-only memory.
        return np.frombuffer(data, spec.dtype).reshape(spec.shape).copy()

    @contextlib.contextmanager
    def _damage(self) -> Iterator[None]:
        with damage_of(self.path):
            yield


@contextlib.contextmanager
def open_state(path: Path, most: int) -> Iterator[StateArchive]:
    """most: bytes that a state can have at all. Raises WeightsError."""
    with contextlib.ExitStack() as stack:
        with damage_of(path):
            file = stack.enter_context(path.open("rb"))
            size = os.fstat(file.fileno()).st_size
            if size > most:
                refuse(path, f"has {size} bytes, this network's states have at most {most}")
            archive = stack.enter_context(zipfile.ZipFile(file))
            entries = _entries(archive)
        yield StateArchive(path, archive, entries)


def write_state(path: Path, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """The file appears whole or not at all. Raises OutputError."""
    text = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    with replacing(path) as file:
        np.savez(file, **{FACTS: text}, **arrays)  # type: ignore[arg-type]


def most_bytes(declared: Mapping[str, ArraySpec]) -> int:
    """Bytes that a file of these arrays and the facts has at most."""
    room = HEADER_ROOM + NAME_ROOM
    return MOST_FACTS + room + sum(spec.nbytes + room for spec in declared.values())


@contextlib.contextmanager
def damage_of(path: Path) -> Iterator[None]:
    """What reading raises, as WeightsError."""
    try:
        yield
    except FileNotFoundError:
        cure = "leave --resume out to start, or set backup to the folder the training wrote to"
        refuse(path, f"no such file, so nothing to resume; {cure}")
    except DAMAGE as failure:
        what = str(failure) or type(failure).__name__
        refuse(path, f"is no state of a training ({what[:100]}); {CURE}")


def refuse(path: Path, message: str, key: str = "") -> NoReturn:
    raise WeightsError(message, Location(str(path), key=key)) from None


def _entries(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    listed = archive.infolist()
    entries = {entry.filename.removesuffix(".npy"): entry for entry in listed}
    if len(entries) < len(listed):
        raise zipfile.BadZipFile("a name is there twice")
    for entry in listed:
        if entry.compress_type not in COMPRESSION or entry.flag_bits & ENCRYPTED:
            raise zipfile.BadZipFile("it is packed in a way no state is")
    return entries


def _header(stream: Any) -> ArraySpec | None:
    """Of an array in the .npy format; None where it is no such header."""
    start = stream.read(len(START) + 2)
    if len(start) < len(START) + 2 or not start.startswith(START):
        return None
    (length,) = struct.unpack("<H", start[-2:])
    match = HEADER.fullmatch(stream.read(length)) if length <= HEADER_ROOM - len(start) else None
    if match is None:
        return None
    try:
        dtype = np.dtype(match[1].decode())
    except TypeError:
        return None
    return ArraySpec(tuple(int(size) for size in match[2].split(b",") if size.strip()), dtype)
