"""Which boxes of a batch overlap, over all images and classes at once.

Two boxes of an IoU above t share more than t of the width of each.  So with the boxes sorted by
their left edges, those that may overlap one follow it until a left edge is beyond its own by
1 - t of its width; only they are compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from darknet_py.engines.native.suppression import BoxTable

Indices = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]

# Pairs compared at once: what fits a processor's cache.
CHUNK = 1 << 15
# Overlapping pairs times classes held at once.
BLOCK = 1 << 22
# Relative to the image; edges farther out are compared as if they were here.
EDGE_LIMIT = 4.0
# Far above the rounding of an edge in single precision, far under a pixel.
SLACK = 1e-5
# Pairs a box from which on it is worth looking whether another order leaves fewer.
CROWDED = 64


def overlapping_entries(
    table: BoxTable, entries: Indices, threshold: float, exponent: float | None
) -> Iterator[tuple[Indices, Indices]]:
    """Pairs of entries that overlap, by their numbers in `entries`; no class in two parts.

    exponent: of the distance term, None for IoU alone.
    """
    if not len(entries):
        return
    shares, image, classes = table.boxes, table.image, table.scores.shape[1]
    boxes = shares if table.sides is None else shares * np.tile(table.sides, 2)
    row, column = np.divmod(entries, classes)
    by_class = _SortedBoxes.of(shares[row], image[row] * classes + column, threshold)
    # With many classes per box it is cheaper to compare each two boxes once for all classes.
    if len(entries) > 2 * len(image):
        together = _SortedBoxes.of(shares, image, threshold)
        if together.pairs < by_class.pairs:
            active = np.zeros((len(image), classes), np.bool_)
            active[row, column] = True
            yield from _spread(
                active, entries, *_overlapping_boxes(boxes, together, threshold, exponent)
            )
            return
    yield _overlapping_boxes(boxes[row], by_class, threshold, exponent)


def _spread(
    active: Flags, entries: Indices, first: Indices, second: Indices
) -> Iterator[tuple[Indices, Indices]]:
    """Pairs of rows repeated for every class in which both are active, some classes at a time."""
    classes = active.shape[1]
    width = max(1, BLOCK // max(1, len(first)))
    for start in range(0, classes, width):
        block = active[:, start : start + width]
        pair, column = np.nonzero(block[first] & block[second])
        one, other = (rows[pair] * classes + column + start for rows in (first, second))
        yield np.searchsorted(entries, one), np.searchsorted(entries, other)


@dataclass(frozen=True, eq=False)
class _SortedBoxes:
    """Boxes in a row, group by group and by their left edges, or by their upper ones.

    order: (N,) their numbers. followers: (N,) how many of the next ones each may overlap.
    """

    order: Indices
    followers: Indices

    @property
    def pairs(self) -> int:
        return int(self.followers.sum())

    @staticmethod
    def of(boxes: Floats, group: Indices, threshold: float) -> _SortedBoxes:
        """boxes: (N, 4); group: (N,) only those of one group are compared.

        They are sorted along y where many stand above each other and that leaves fewer pairs.
        """
        across = _SortedBoxes._along(0, boxes, group, threshold)
        if across.pairs <= CROWDED * len(boxes):
            return across
        down = _SortedBoxes._along(1, boxes, group, threshold)
        return down if down.pairs < across.pairs else across

    @staticmethod
    def _along(axis: int, boxes: Floats, group: Indices, threshold: float) -> _SortedBoxes:
        x, width = (boxes[:, column].astype(np.float64) for column in (axis, axis + 2))
        start = group * (4 * EDGE_LIMIT)
        left = start + _clipped(x - width / 2)
        right = start + _clipped(x + (0.5 - max(0.0, threshold)) * width + SLACK)
        order = np.argsort(left)
        left, right = left.take(order), right.take(order)
        after = np.searchsorted(left, right, side="right")
        return _SortedBoxes(order, np.maximum(after - np.arange(1, len(order) + 1), 0))


def _clipped(edges: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Clipped edges never hide a pair that overlaps; what is not a number overlaps nothing."""
    return np.fmin(np.fmax(edges, -EDGE_LIMIT), EDGE_LIMIT)


def _overlapping_boxes(
    boxes: Floats, ordered: _SortedBoxes, threshold: float, exponent: float | None
) -> tuple[Indices, Indices]:
    """Numbers of the pairs of boxes (N, 4) that overlap more than the threshold."""
    sides = _Sides(boxes[ordered.order])
    parts = []
    for first, second in _with_followers(ordered.followers):
        near = sides.overlap(first, second, threshold)
        parts.append((first[near], second[near]))
    first, second = (np.concatenate(ends) for ends in zip(*parts, strict=True))
    if exponent is not None and len(first):
        # The distance term only lowers the IoU, so it is needed for what passed without it.
        closer = sides.diou(first, second, exponent) > threshold
        first, second = first[closer], second[closer]
    return ordered.order[first], ordered.order[second]


class _Sides:
    """Edges, centres and areas of boxes (N, 4); the arithmetic is that of darknet_py.boxes."""

    def __init__(self, boxes: Floats) -> None:
        x, y, width, height = np.ascontiguousarray(boxes.T)
        across, down = width / 2, height / 2
        self.left, self.right = x - across, x + across
        self.top, self.bottom = y - down, y + down
        self.area, self.centres = width * height, (x, y)

    def overlap(self, first: Indices, second: Indices, threshold: float) -> Indices:
        """Which pairs have an IoU above the threshold."""
        height = _shared(self.top, self.bottom, first, second)
        met = np.flatnonzero(height > 0)
        first, second = first.take(met), second.take(met)
        width = _shared(self.left, self.right, first, second)
        ratio = self._ratio(width, height.take(met), first, second)
        return met[(width > 0) & (ratio > threshold)]

    def diou(self, first: Indices, second: Indices, exponent: float) -> Floats:
        """IoU less (d2 / c2) ** exponent of pairs that overlap."""
        width = _shared(self.left, self.right, first, second)
        height = _shared(self.top, self.bottom, first, second)
        across = _spanned(self.left, self.right, first, second)
        down = _spanned(self.top, self.bottom, first, second)
        diagonal = across * across + down * down
        x, y = (side.take(first) - side.take(second) for side in self.centres)
        apart = np.divide(x * x + y * y, diagonal, out=np.zeros_like(x), where=diagonal != 0)
        ratio = self._ratio(width, height, first, second)
        # As in C the power is taken in double precision, and rounded: the same on every machine.
        return ratio - (apart.astype(np.float64) ** exponent).astype(np.float32)

    def _ratio(self, width: Floats, height: Floats, first: Indices, second: Indices) -> Floats:
        shared = width * height
        union = self.area.take(first) + self.area.take(second) - shared
        valid = (shared != 0) & (union != 0)
        return np.divide(shared, union, out=np.zeros_like(shared), where=valid)


def _shared(low: Floats, high: Floats, first: Indices, second: Indices) -> Floats:
    """Length that the spans of each pair share, negative where they are apart."""
    end = np.minimum(high.take(first), high.take(second))
    end -= np.maximum(low.take(first), low.take(second))
    return end


def _spanned(low: Floats, high: Floats, first: Indices, second: Indices) -> Floats:
    """Length of the smallest span that holds those of each pair."""
    end = np.maximum(high.take(first), high.take(second))
    end -= np.minimum(low.take(first), low.take(second))
    return end


def _with_followers(followers: Indices) -> Iterator[tuple[Indices, Indices]]:
    """Every element paired with each of its followers, in parts of bounded size."""
    ends = followers.cumsum()
    cuts = np.searchsorted(ends, np.arange(CHUNK, ends[-1], CHUNK), side="right")
    bounds = np.unique(np.concatenate(([0], cuts, [len(ends)])))
    for start, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        count = followers[start:stop]
        first = np.repeat(np.arange(start, stop), count)
        # An element's followers come right after it, and in the list after those of the last one.
        before = np.repeat(ends[start:stop] - count - (ends[start - 1] if start else 0), count)
        yield first, first + 1 + np.arange(len(first)) - before
