"""What darknet.py's functions take and return, with the C structures' field names.

BOX is a C structure and the numbers of a detection are C arrays, so that they read and write as
those of darknet.py; the memory belongs to numpy, and nothing has to be freed.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darknet_py.compat.arguments import whole
from darknet_py.compat.float_memory import Floats, c_floats, floats_of
from darknet_py.errors import DarknetError


class BOX(ctypes.Structure):
    """x, y: the centre; w, h: the size; in pixels, or relative where that was asked for."""

    _fields_ = (
        ("x", ctypes.c_float),
        ("y", ctypes.c_float),
        ("w", ctypes.c_float),
        ("h", ctypes.c_float),
    )


@dataclass(frozen=True)
class METADATA:
    """What a .data file says: how many classes, and their names, bytes or str as its path was."""

    classes: int
    names: list[bytes] | list[str]


class IMAGE:
    """w, h, c: width, height and channels. data: c * h * w floats, channel by channel.

    data may be what `array.ctypes.data_as(POINTER(c_float))` gives, a ctypes array of c_float or a
    float32 numpy array; the numbers are not copied. Raises TypeError for anything else.
    """

    def __init__(self, w: int = 0, h: int = 0, c: int = 0, data: Any = None) -> None:
        self.w, self.h, self.c = whole(w, "w"), whole(h, "h"), whole(c, "c")
        self.data = data

    @staticmethod
    def of(chw: Floats) -> IMAGE:
        """An image over the numbers (c, h, w) of a contiguous float32 array."""
        c, h, w = chw.shape
        return IMAGE(w, h, c, chw)

    @property
    def data(self) -> Any:
        """As it was given; of a numpy array a C array over its numbers."""
        return self._data

    @data.setter
    def data(self, data: Any) -> None:
        self._floats = None if data is None else floats_of(data)
        self._data = c_floats(floats_of(data)) if isinstance(data, np.ndarray) else data

    def __repr__(self) -> str:
        return f"IMAGE({self.w}, {self.h}, {self.c})"

    def floats(self, count: int) -> Floats:
        """The first `count` numbers; raises DarknetError where there are fewer, or none."""
        if self._floats is None:
            raise DarknetError(f"{self!r} has no pixels; it has been freed or was never filled")
        if len(self._floats) < count:
            message = f"{self!r} holds {len(self._floats)} numbers, {count} are needed"
            raise DarknetError(f"{message}; give it as many as w * h * c, float32")
        return self._floats[:count]

    def chw(self) -> Floats:
        """(c, h, w), the memory itself; raises DarknetError as `floats`."""
        return self.floats(self.c * self.h * self.w).reshape(self.c, self.h, self.w)

    def free(self) -> None:
        """Let the memory go."""
        self.data = None


class DETECTION:
    """One box of DETECTIONS: what is read and written here is its row there."""

    mask = uc = embeddings = None
    points = embedding_size = track_id = 0
    sim = 0.0

    def __init__(self, rows: DETECTIONS, index: int) -> None:
        self._rows, self._index = rows, index

    @property
    def bbox(self) -> BOX:
        return BOX.from_buffer(self._rows.boxes[self._index].data)

    @bbox.setter
    def bbox(self, box: BOX) -> None:
        self._rows.boxes[self._index] = box.x, box.y, box.w, box.h

    @property
    def prob(self) -> Any:
        """A C array of the score of each class, 0 where it is not above the threshold."""
        return c_floats(self._rows.prob[self._index])

    @property
    def classes(self) -> int:
        return self._rows.prob.shape[1]

    @property
    def objectness(self) -> float:
        return float(self._rows.objectness[self._index])

    @objectness.setter
    def objectness(self, value: float) -> None:
        self._rows.objectness[self._index] = value

    @property
    def best_class_idx(self) -> int:
        return int(self._rows.best_class[self._index])

    @best_class_idx.setter
    def best_class_idx(self, value: int) -> None:
        self._rows.best_class[self._index] = value

    @property
    def sort_class(self) -> int:
        return self._rows.sort_class


class DETECTIONS:
    """The boxes of one image, an index gives a DETECTION.

    boxes: float32 (K, 4), centre x, y, width, height. objectness: (K,). prob: (K, C). best_class:
    (K,). sides: width and height that boxes are measured in, 1 and 1 of relative ones.
    """

    def __init__(
        self,
        boxes: Floats,
        objectness: Floats,
        prob: Floats,
        best_class: NDArray[np.int64],
        sides: tuple[int, int] = (1, 1),
    ) -> None:
        self.boxes, self.objectness, self.prob = boxes, objectness, prob
        self.best_class, self.sides, self.sort_class = best_class, sides, 0

    def __len__(self) -> int:
        return len(self.boxes)

    def __getitem__(self, index: int) -> DETECTION:
        if not 0 <= index < len(self):
            raise IndexError(f"detection {index} of {len(self)}")
        return DETECTION(self, index)

    def __iter__(self) -> Iterator[DETECTION]:
        return (DETECTION(self, index) for index in range(len(self)))

    def reorder(self, order: NDArray[np.int64]) -> None:
        """Put the first rows into this order, in place."""
        for column in (self.boxes, self.objectness, self.prob, self.best_class):
            column[: len(order)] = column[order]

    def free(self) -> None:
        """Let the memory go; there are no boxes any more."""
        self.boxes, self.objectness = self.boxes[:0].copy(), self.objectness[:0].copy()
        self.prob, self.best_class = self.prob[:0].copy(), self.best_class[:0].copy()


@dataclass(frozen=True, eq=False)
class DETNUMPAIR:
    """num: how many boxes one image of a batch has. dets: the boxes."""

    num: int
    dets: DETECTIONS
