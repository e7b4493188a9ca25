"""Where the words of boxes are written, so that they hide as little as can be."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Spot = tuple[int, int]
Rows = NDArray[np.int64]


class LabelPlaces:
    """Finds places on a canvas (width, height) for strips of words, one after the other.

    A strip stands at one of seven places around its box, or inside, where it covers least of all
    boxes and of the strips before it.
    """

    def __init__(self, boxes: Iterable[list[int]], width: int, height: int) -> None:
        """boxes: left, top, right, bottom in pixels, of all that may be covered."""
        self._taken: Rows = np.array(list(boxes), np.int64).reshape(-1, 4)
        self._room = width, height

    def take(self, box: list[int], size: Spot) -> Spot:
        """Left and top of a strip of this size (width, height) for one of the boxes."""
        places = self._around(box, size)
        strips = np.concatenate([places, places + size], axis=1)
        best = int(np.argmin(self._covered(strips)))  # the first of those that are alike
        self._taken = np.concatenate([self._taken, strips[best : best + 1]])
        return int(places[best, 0]), int(places[best, 1])

    def _around(self, box: list[int], size: Spot) -> Rows:
        """Places above, below, beside and inside a box, moved into the canvas."""
        left, top, right, bottom = box
        width, height = size
        end = right - width + 1
        places = [
            (left, top - height),
            (left, bottom + 1),
            (end, top - height),
            (end, bottom + 1),
            (right + 1, top),
            (left - width, top),
            (left, top),
        ]
        last = np.maximum(np.array(self._room) - size, 0)
        return np.clip(np.array(places, np.int64), 0, last)

    def _covered(self, strips: Rows) -> NDArray[np.int64]:
        """Pixels of boxes and of earlier strips under each place."""
        low = np.maximum(strips[:, None, :2], self._taken[None, :, :2])
        high = np.minimum(strips[:, None, 2:], self._taken[None, :, 2:] + 1)
        sides = np.maximum(high - low, 0)
        return np.asarray(sides.prod(axis=2).sum(axis=1), np.int64)
