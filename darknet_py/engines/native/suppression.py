"""suppression.cpp built for this machine: what is suppressed of a table of boxes, and its order."""

from __future__ import annotations

import ctypes
import functools
import logging
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darknet_py.engines.compiler import FLAGS, CannotBuild
from darknet_py.engines.native.machine_code import FOLDER, loaded

logger = logging.getLogger(__name__)
SOURCE = FOLDER / "suppression.cpp"
EXACT_FLAGS = (*FLAGS, "-ffp-contract=off")
"""Each operation is rounded, as numpy does it."""

Floats = NDArray[np.float32]
Indices = NDArray[np.int64]


class _Measure(ctypes.Structure):
    """As overlap.h has it."""

    _fields_ = (
        ("threshold", ctypes.c_float),
        ("exponent", ctypes.c_double),
        ("distant", ctypes.c_bool),
    )


class _Table(ctypes.Structure):
    """As entries.h has it."""

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
    sides: Floats | None = None

    @cached_property
    def entries(self) -> Indices:
        """Indices into scores (K, C), row by row, of those that are not 0."""
        return np.flatnonzero(self.scores != 0)

    @property
    def images(self) -> int:
        return int(self.image.max(initial=-1)) + 1

    def in_rows(self) -> BoxTable:
        """The same, each array without gaps."""
        return BoxTable(
            np.ascontiguousarray(self.boxes),
            np.ascontiguousarray(self.objectness),
            np.ascontiguousarray(self.scores),
            np.ascontiguousarray(self.image),
            None if self.sides is None else np.ascontiguousarray(self.sides),
        )


@dataclass(frozen=True, eq=False)
class BoxFunctions:
    """What suppression.cpp has. Each call runs on one thread, without Python's lock."""

    library: Any

    def suppressed(
        self, table: BoxTable, threshold: float, exponent: float | None
    ) -> tuple[Indices, Indices]:
        """Row and class of every score that an earlier one that is left removes, row by row.

        Of two entries of one image and class the one with the higher score is earlier, of equal
        ones that of the earlier row. Scores of 0, and rows whose objectness is 0, take no part.
        threshold: of the IoU, less (d2 / c2) ** exponent unless that is None.
        """
        table = table.in_rows()
        rows, columns = (np.empty(table.scores.size, np.int64) for _ in range(2))
        measure = _Measure(threshold, exponent or 0.0, exponent is not None)
        places = rows.ctypes.data, columns.ctypes.data
        count = self.library.suppress(_pointers(table), table.images, measure, *places)
        return rows[:count].copy(), columns[:count].copy()

    def printing_order(self, table: BoxTable) -> Indices | None:
        """Index (K) of the rows image by image, by falling scores of the last class, then of the
        class before it, and so on; None where scores are below 0 or not a number."""
        table = table.in_rows()
        rows = np.empty(len(table.image), np.int64)
        known = self.library.printing_order(_pointers(table), table.images, rows.ctypes.data)
        return rows if known else None


@functools.cache
def box_functions() -> BoxFunctions | None:
    """None where they cannot be built; tried once by a process."""
    try:
        library = loaded(SOURCE, EXACT_FLAGS)
    except CannotBuild as failure:
        logger.debug("suppression in numpy: %s", failure)
        return None
    table, measure = ctypes.POINTER(_Table), ctypes.POINTER(_Measure)
    number, pointer = ctypes.c_int64, ctypes.c_void_p
    library.suppress.argtypes = [table, number, measure, pointer, pointer]
    library.suppress.restype = number
    library.printing_order.argtypes = [table, number, pointer]
    library.printing_order.restype = ctypes.c_bool
    return BoxFunctions(library)


def _pointers(table: BoxTable) -> _Table:
    """table: whoever calls keeps it as long as it is read."""
    given = (table.boxes, table.sides, table.objectness, table.scores, table.image)
    return _Table(*table.scores.shape, *(a if a is None else a.ctypes.data for a in given))
