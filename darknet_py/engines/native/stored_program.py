"""A program of one image, all of whose layers are in C++, as a file that is run without torch."""

from __future__ import annotations

import ctypes
import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from darknet_py.engines.native import library as native
from darknet_py.layers.shape import Shape

Floats = NDArray[np.float32]

LENGTH = struct.Struct("<q")
FLOAT_BYTES = 4
ALIGNED = 64
"""Bytes: where each part of the file begins."""
POINTERS = ("weights", "biases")
"""Fields of an operation that in the file are an array's number, from 1; 0 for none."""


@dataclass(frozen=True)
class ProgramSizes:
    """floats, scratch, zeros: of the memory of a pass. scratch_each: of a thread's part."""

    threads: int
    floats: int
    scratch: int
    scratch_each: int
    zeros: int


@dataclass(frozen=True, eq=False)
class ProgramRecord:
    """operations: as they are run. arrays: those they point to, by their addresses. outputs: that
    are filled, and heads: which of them each head is."""

    operations: Sequence[native.Operation]
    arrays: Mapping[int, Floats]
    sizes: ProgramSizes
    outputs: Sequence[Shape]
    heads: Sequence[int]

    @property
    def bytes(self) -> int:
        return sum(array.nbytes for array in self.arrays.values())

    def write(self, path: Path) -> None:
        """As a file that `StoredProgram` reads on this machine."""
        numbers = {address: number for number, address in enumerate(self.arrays, 1)}
        told = {
            "operations": len(self.operations),
            "arrays": [array.size for array in self.arrays.values()],
            "sizes": asdict(self.sizes),
            "outputs": list(self.outputs),
            "heads": list(self.heads),
        }
        header = json.dumps(told).encode()
        operations = b"".join(_numbered(each, numbers) for each in self.operations)
        arrays = (array.tobytes() for array in self.arrays.values())
        with path.open("wb") as file:
            file.write(LENGTH.pack(len(header)))
            for part in chain((header, operations), arrays):
                file.write(bytes(-file.tell() % ALIGNED))
                file.write(part)


class StoredProgram:
    """A program out of its file; one thread at a time may call it."""

    def __init__(self, path: Path) -> None:
        """path: of what `ProgramRecord.write` has written. Raises CannotBuild, OSError."""
        self._library = native.library()
        file = _StoredParts(path)
        told = json.loads(file.next(file.length).tobytes())
        self._sizes = ProgramSizes(**told["sizes"])
        self._outputs = [Shape(*shape) for shape in told["outputs"]]
        self._heads: list[int] = told["heads"]
        made = native.Operation * told["operations"]
        self._operations = made.from_buffer_copy(file.next(ctypes.sizeof(made)))
        self._arrays = [file.next(size * FLOAT_BYTES) for size in told["arrays"]]
        _link(self._operations, [0, *(array.ctypes.data for array in self._arrays)])
        self._memory, self._scratch = (
            np.empty(size, np.float32) for size in (self._sizes.floats, self._sizes.scratch)
        )
        self._zeros = np.zeros(self._sizes.zeros, np.float32)

    def __call__(self, x: Floats) -> list[Floats]:
        """The heads (1, C, H, W) for x (1, H, W, C), float32."""
        x = np.ascontiguousarray(x, np.float32)
        outputs = [np.empty((1, shape.h, shape.w, shape.c), np.float32) for shape in self._outputs]
        pointers = (ctypes.c_void_p * len(outputs))(*(output.ctypes.data for output in outputs))
        self._library.run(
            self._operations,
            len(self._operations),
            self._memory.ctypes.data,
            x.ctypes.data,
            self._zeros.ctypes.data,
            pointers,
            len(outputs),
            self._scratch.ctypes.data,
            self._sizes.scratch_each,
            1,
            self._sizes.threads,
        )
        return [outputs[number].transpose(0, 3, 1, 2) for number in self._heads]


class _StoredParts:
    """The parts of a file one after the other, where they lie in memory. length: of the first."""

    def __init__(self, path: Path) -> None:
        self._bytes = np.memmap(path, np.uint8, "r")
        self.length: int = LENGTH.unpack(self._bytes[: LENGTH.size].tobytes())[0]
        self._at = LENGTH.size

    def next(self, size: int) -> NDArray[np.uint8]:
        start = self._at + -self._at % ALIGNED
        self._at = start + size
        return self._bytes[start : self._at]


def _numbered(operation: native.Operation, numbers: Mapping[int, int]) -> bytes:
    """An operation with arrays' numbers for their addresses."""
    copy = native.Operation.from_buffer_copy(operation)
    for name in POINTERS:
        address = getattr(copy, name)
        setattr(copy, name, numbers[address] if address else 0)
    return bytes(copy)


def _link(operations: Iterable[native.Operation], addresses: Sequence[int]) -> None:
    """Addresses for the numbers of arrays."""
    for operation in operations:
        for name in POINTERS:
            setattr(operation, name, addresses[getattr(operation, name) or 0])
