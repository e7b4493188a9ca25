"""Boxes that belong together: entries and their labels as in AlexeyAB's program, or one to one.

Numbers only: arrays of what is found and of what is there. An entry is one box with one class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Reals = NDArray[np.floating[Any]]
"""Single precision where the C programs' numbers are wanted."""
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

UNMATCHED = -1


@dataclass(frozen=True, eq=False)
class Objects:
    """N boxes with a class: labels, or (with scores) entries.

    image: (N,) number of the image, in order of images. class_id: (N,). boxes: (N, 4) centre
    x, y, width, height relative to the image.
    """

    image: Integers
    class_id: Integers
    boxes: Reals

    def __len__(self) -> int:
        return len(self.class_id)

    def select(self, rows: NDArray[np.generic] | slice) -> Objects:
        return Objects(self.image[rows], self.class_id[rows], self.boxes[rows])

    def classless(self) -> Objects:
        """The same boxes, all of one class."""
        return Objects(self.image, np.zeros_like(self.class_id), self.boxes)


@dataclass(frozen=True, eq=False)
class Matches:
    """For each of K entries: the row of its label (-1: none), and their IoU (0: none)."""

    label: Integers
    iou: Floats

    def __len__(self) -> int:
        return len(self.label)


def match(entries: Objects, labels: Objects, iou_thresh: float) -> Matches:
    """For each entry the label of its image and class that it overlaps most.

    Only an IoU above iou_thresh counts; of equal ones the first label is taken. One label may be
    matched by several entries.
    """
    entry, label = pairs(entries, labels)
    overlaps = iou(entries.boxes[entry], labels.boxes[label])
    near = overlaps > np.float32(iou_thresh)
    entry, label, overlaps = entry[near], label[near], overlaps[near]
    # By entry, the largest overlap first, then the order of the labels.
    order = np.lexsort((label, -overlaps, entry))
    matched, first = np.unique(entry[order], return_index=True)
    best = order[first]
    chosen, largest = np.full(len(entries), UNMATCHED), np.zeros(len(entries), np.float32)
    chosen[matched], largest[matched] = label[best], overlaps[best]
    return Matches(chosen, largest)


def match_one_to_one(
    first: Objects, second: Objects, iou_thresh: float
) -> tuple[Integers, Integers, Reals]:
    """Rows of both sets and their IoU, of boxes of one image and class that overlap most.

    Two boxes match when they overlap by more than iou_thresh, and neither overlaps another box
    that is still free by more.
    """
    a, b = pairs(first, second)
    overlaps = iou(first.boxes[a], second.boxes[b])
    order = np.argsort(-overlaps, kind="stable")
    order = order[overlaps[order] > overlaps.dtype.type(iou_thresh)]
    a, b, overlaps = a[order], b[order], overlaps[order]
    chosen = [(a[:0], b[:0], overlaps[:0])]
    while len(a):
        best = first_occurrences(a) & first_occurrences(b)
        chosen.append((a[best], b[best], overlaps[best]))
        free = ~np.isin(a, a[best]) & ~np.isin(b, b[best])
        a, b, overlaps = a[free], b[free], overlaps[free]
    columns = [np.concatenate(column) for column in zip(*chosen, strict=True)]
    return columns[0], columns[1], columns[2]


# An untrained network has boxes of infinite width: NaN, which is above no threshold, as in C.
@np.errstate(invalid="ignore", over="ignore")
def iou(a: Reals, b: Reals) -> Reals:
    """IoU (N,) of centre-form boxes (N, 4), two by two, 0 where one is empty.

    NaN where an area is (no height times an infinite width), without a warning.
    """
    low = np.maximum(a[:, :2] - a[:, 2:] / 2, b[:, :2] - b[:, 2:] / 2)
    high = np.minimum(a[:, :2] + a[:, 2:] / 2, b[:, :2] + b[:, 2:] / 2)
    sides = high - low
    inside = np.where((sides < 0).any(axis=1), 0, sides[:, 0] * sides[:, 1])
    union = a[:, 2] * a[:, 3] + b[:, 2] * b[:, 3] - inside
    counted = (inside != 0) & (union != 0)
    return np.divide(inside, union, out=np.zeros_like(inside), where=counted)


def pairs(first: Objects, second: Objects) -> tuple[Integers, Integers]:
    """Rows of all boxes of both sets that share image and class, in the order of the first set."""
    classes = 1 + max(first.class_id.max(initial=0), second.class_id.max(initial=0))
    key = second.image * classes + second.class_id
    order = np.argsort(key, kind="stable")
    sought = first.image * classes + first.class_id
    start = np.searchsorted(key[order], sought, side="left")
    count = np.searchsorted(key[order], sought, side="right") - start
    row = np.repeat(np.arange(len(first)), count)
    offset = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    return row, order[np.repeat(start, count) + offset]


def first_occurrences(numbers: Integers) -> Mask:
    """Where each number stands for the first time."""
    first = np.zeros(len(numbers), np.bool_)
    first[np.unique(numbers, return_index=True)[1]] = True
    return first


def hits(label: Integers) -> Mask:
    """(K,) whether an entry is the first in order that is matched to its label."""
    hit = np.zeros(len(label), np.bool_)
    rows = np.flatnonzero(label != UNMATCHED)
    hit[rows] = first_occurrences(label[rows])
    return hit
