"""suppression.cpp built for this machine: which entries of a table of boxes are suppressed."""

from __future__ import annotations

import ctypes
import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darknet_py.engines.compiler import FLAGS, THREADS, CannotBuild
from darknet_py.engines.native.machine_code import FOLDER, loaded

SOURCE = FOLDER / "suppression.cpp"
EXACT_FLAGS = (*(flag for flag in FLAGS if flag != THREADS), "-ffp-contract=off")
"""Each operation is rounded, as numpy does it."""

Floats = NDArray[np.float32]
Indices = NDArray[np.int64]


class _Measure(ctypes.Structure):
    _fields_ = (
        ("threshold", ctypes.c_float),
        ("exponent", ctypes.c_double),
        ("distant", ctypes.c_bool),
    )


class _Table(ctypes.Structure):
    _fields_ = (
        ("rows", ctypes.c_int64),
        ("classes", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("boxes", "sides", "objectness", "scores", "image")),
    )


@dataclass(frozen=True, eq=False)
class BoxTable:
    """boxes: (K, 4) centre form, in shares of their images. objectness: (K,). scores: (K, C).

    image: (K,) from 0 up. sides: (K, 2) width and height of each box's image, to measure boxes in;
    None measures them in shares.
    """

    boxes: Floats
    objectness: Floats
    scores: Floats
    image: Indices
    sides: Floats | None


def suppression() -> Any:
    """The function of suppression.cpp; None where there is no compiler."""
    return _attempt()


def suppressed_entries(
    function: Any, table: BoxTable, threshold: float, exponent: float | None
) -> tuple[Indices, Indices]:
    """Row and class of every score that an earlier one that is left removes, row by row.

    function: see `suppression`. Of two entries of one image and class the one with the higher score
    is earlier, of equal ones that of the earlier row. Scores of 0, and rows whose objectness is 0,
    take no part. threshold: of the IoU, less (d2 / c2) ** exponent unless that is None.
    """
    shape = table.scores.shape
    given = (table.boxes, table.sides, table.objectness, table.scores, table.image)
    arrays = [None if array is None else np.ascontiguousarray(array) for array in given]
    places = [None if array is None else array.ctypes.data for array in arrays]
    rows, columns = np.empty(shape[0] * shape[1], np.int64), np.empty(shape[0] * shape[1], np.int64)
    count = function(
        _Table(*shape, *places),
        int(table.image.max(initial=-1)) + 1,
        _Measure(threshold, exponent or 0.0, exponent is not None),
        rows.ctypes.data,
        columns.ctypes.data,
    )
    return rows[:count].copy(), columns[:count].copy()


@functools.cache
def _attempt() -> Any:
    """Once for a process."""
    try:
        function = loaded(SOURCE, EXACT_FLAGS).suppress
    except CannotBuild:
        return None
    table, measure = ctypes.POINTER(_Table), ctypes.POINTER(_Measure)
    function.argtypes = [table, ctypes.c_int64, measure, ctypes.c_void_p, ctypes.c_void_p]
    function.restype = ctypes.c_int64
    return function
