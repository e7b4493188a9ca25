"""The boxes of one image as arrays, and one of them as a record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class DetectedBox:
    """One box of a Result with one class.

    name: of the class. class_id: from 0. confidence: in (0, 1]. xyxy: left, top, right, bottom in
    pixels of the image. xywhn: centre x, y, width, height relative to it. track_id: from 1, 0 where
    it has none yet, None where nothing is tracked.
    """

    name: str
    class_id: int
    confidence: float
    xyxy: tuple[float, float, float, float]
    xywhn: tuple[float, float, float, float]
    track_id: int | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Boxes:
    """K found objects, one row per box and class above the threshold.

    xywhn: (K, 4) centre x, y, width, height relative to the image, not clipped to it.
    confidence: (K,) in (0, 1]. class_id: (K,). box: (K,) equal for rows that are one box with
    several classes. width, height: the image's size in pixels. track_id: (K,) numbers from 1 that
    an object keeps from frame to frame, 0 where it has none yet; None where nothing is tracked.
    embedding: (K, E) what the layer that embedding_layer= of [yolo] names gives for the box; None
    but where objects are tracked by it.

    `boxes[rows]` takes rows, as `select` does; a single number gives the boxes of that row alone,
    and so does iteration. conf, cls, id, data: other names, see `darknet_py.Result`.
    """

    xywhn: Floats
    confidence: Floats
    class_id: Integers
    box: Integers
    width: int
    height: int
    track_id: Integers | None = None
    embedding: Floats | None = None

    @staticmethod
    def none(width: int, height: int) -> Boxes:
        """Those of an image without objects."""
        floats, numbers = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
        return Boxes(floats, floats[:, 0], numbers, numbers, width, height)

    def __repr__(self) -> str:
        return f"Boxes({len(self)} rows, {self.width}x{self.height})"

    def __len__(self) -> int:
        return len(self.class_id)

    def __getitem__(self, rows: Any) -> Boxes:
        return self.select([rows] if isinstance(rows, (int, np.integer)) else rows)

    def __iter__(self) -> Iterator[Boxes]:
        return (self[row] for row in range(len(self)))

    @property
    def xywh(self) -> Floats:
        """(K, 4) centre x, y, width, height in pixels."""
        return self.xywhn * self._pixels

    @property
    def xyxyn(self) -> Floats:
        """(K, 4) left, top, right, bottom relative to the image."""
        middle, half = self.xywhn[:, :2], self.xywhn[:, 2:] / 2
        return np.concatenate([middle - half, middle + half], axis=1)

    @property
    def xyxy(self) -> Floats:
        """(K, 4) left, top, right, bottom in pixels of the original image."""
        return self.xyxyn * self._pixels

    @property
    def _pixels(self) -> Floats:
        return np.array([self.width, self.height] * 2, np.float32)

    @property
    def conf(self) -> Floats:
        """(K,) the confidence."""
        return self.confidence

    @property
    def cls(self) -> Integers:
        """(K,) the class_id."""
        return self.class_id

    @property
    def id(self) -> Integers | None:
        """(K,) the track_id, or None where nothing is tracked."""
        return self.track_id

    @property
    def data(self) -> Floats:
        """(K, 6) left, top, right, bottom in pixels, confidence, class; (K, 7) where objects are
        tracked, with the track_id before the confidence."""
        tracks = [] if self.track_id is None else [self.track_id]
        columns = [*self.xyxy.T, *tracks, self.confidence, self.class_id]
        return np.stack(columns, axis=1).astype(np.float32)

    def select(self, rows: Any) -> Boxes:
        """The rows of a mask or an index, in its order."""
        kept = (self.xywhn[rows], self.confidence[rows], self.class_id[rows], self.box[rows])
        tracks = None if self.track_id is None else self.track_id[rows]
        more = None if self.embedding is None else self.embedding[rows]
        return Boxes(*kept, self.width, self.height, tracks, more)

    def with_embeddings(self, embeddings: Floats) -> Boxes:
        """With those of each box (B, E), B above all of `box`."""
        return replace(self, embedding=embeddings[self.box])
