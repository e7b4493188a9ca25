"""Numbers in C's memory as numpy sees them, and the other way round.

A bare pointer does not say how many numbers lie there: only those are taken whose owner is known.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def floats_of(data: Any) -> Floats:
    """Float32 (n,), the memory itself, of a numpy array, what its `ctypes.data_as` gave, or a
    ctypes array of c_float.

    Raises TypeError for anything else, and for an array of another type or with gaps.
    """
    owner = getattr(data, "_arr", data)
    if isinstance(owner, ctypes.Array) and owner._type_ is ctypes.c_float:
        owner = np.frombuffer(memoryview(owner), np.float32)
    if not isinstance(owner, np.ndarray):
        wanted = "array.ctypes.data_as(POINTER(c_float)), an array of c_float or a numpy array"
        raise TypeError(f"data: expected {wanted}, got {type(data).__name__}")
    if owner.dtype != np.float32 or not owner.flags.c_contiguous:
        got = f"{owner.dtype}, {'contiguous' if owner.flags.c_contiguous else 'with gaps'}"
        cure = "use np.ascontiguousarray(array, np.float32)"
        raise TypeError(f"data: expected a contiguous float32 array, got {got}; {cure}")
    return owner.reshape(-1)


def c_floats(values: Floats) -> Any:
    """A ctypes array over contiguous float32 numbers: reading gives Python's floats, and writing
    changes the numbers."""
    return (ctypes.c_float * values.size).from_buffer(values.data)
