"""Where the words of boxes are written, so that they hide as little as can be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Spot = tuple[int, int]
Floats = NDArray[np.float32]

HIDDEN_STEP = 1 / 4
"""Places count as alike while what they hide differs by less than this share of a box: then the
first is taken, and the words of a moving box do not jump about."""
WORDS_WEIGHT = 50.0
"""Words that are covered count as so many boxes: a box is still seen under them."""


class LabelPlaces:
    """Finds places on a canvas (width, height) for strips of words, one after the other.

    A strip stands at one of the places around its box, or inside, where it covers least of all
    boxes and of the strips before it, each by its share that is hidden.
    """

    def __init__(self, boxes: Iterable[Sequence[int]], width: int, height: int) -> None:
        """boxes: left, top, right, bottom in pixels, of all that may be covered."""
        rows = np.array(list(boxes), np.float32).reshape(-1, 4)
        rows[:, 2:] += 1
        count = len(rows)
        # Columns left, top, right, bottom, weight of a pixel; room for a strip of each box.
        self._taken: Floats = np.zeros((5, 2 * count + 8), np.float32)
        self._taken[:4, :count] = rows.T
        self._taken[4, :count] = 1 / np.maximum(np.prod(rows[:, 2:] - rows[:, :2], axis=1), 1)
        self._count = count
        self._room = width, height

    def take(self, box: Sequence[int], size: Spot) -> Spot:
        """Left and top of a strip of this size (width, height) for one of the boxes."""
        places = self._around(box, size)
        best = int(np.argmin(self._hidden(places, size)))  # the first of those that are alike
        left, top = int(places[0, best]), int(places[1, best])
        self._add(left, top, size)
        return left, top

    def _around(self, box: Sequence[int], size: Spot) -> Floats:
        """(2, P) left and top of places around and inside a box, moved into the canvas."""
        left, top, right, bottom = box
        width, height = size
        end, foot = right - width + 1, bottom - height + 1
        above, below, before, behind = top - height, bottom + 1, left - width, right + 1
        middle = (top + foot) // 2
        lefts = (left, left, end, end, behind, before, left, left, end, end, behind, before, left)
        tops = (above, below, above, below, top, top, top, foot, top, foot, foot, foot, middle)
        places = np.array((lefts, tops), np.float32)
        last = np.array(((self._room[0] - width,), (self._room[1] - height,)), np.float32)
        return np.maximum(np.minimum(places, last), 0)

    def _hidden(self, places: Floats, size: Spot) -> Floats:
        """What each place hides, in boxes, in steps."""
        left, top, right, bottom, weight = self._near(places, size)
        x, y = places[0, :, None], places[1, :, None]
        wide = np.minimum(right, x + size[0]) - np.maximum(left, x)
        high = np.minimum(bottom, y + size[1]) - np.maximum(top, y)
        np.maximum(wide, 0, out=wide)
        np.maximum(high, 0, out=high)
        return np.asarray(np.floor((wide * high) @ weight / HIDDEN_STEP))

    def _near(self, places: Floats, size: Spot) -> Floats:
        """Columns of what any of the places may cover."""
        taken = self._taken[:, : self._count]
        (left, top), (right, bottom) = places.min(axis=1), places.max(axis=1) + size
        near = (taken[0] < right) & (taken[2] > left) & (taken[1] < bottom) & (taken[3] > top)
        return taken[:, near]

    def _add(self, left: int, top: int, size: Spot) -> None:
        if self._count == self._taken.shape[1]:
            self._taken = np.concatenate([self._taken, np.zeros_like(self._taken)], axis=1)
        weight = WORDS_WEIGHT / max(1, size[0] * size[1])
        self._taken[:, self._count] = left, top, left + size[0], top + size[1], weight
        self._count += 1
