"""Boxes of two sets that belong together, each at most once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from darknet_py.evaluate.average_precision import Integers, Objects, Reals, iou, pairs


def couples(first: Objects, second: Objects, least: float) -> tuple[Integers, Integers, Reals]:
    """Rows of both sets and their IoU, of boxes of one image and class that overlap most.

    Two boxes are a couple when they overlap by more than `least`, and neither overlaps another
    box that is still free by more.
    """
    a, b = pairs(first, second)
    overlaps = iou(first.boxes[a], second.boxes[b])
    order = np.argsort(-overlaps, kind="stable")
    order = order[overlaps[order] > overlaps.dtype.type(least)]
    a, b, overlaps = a[order], b[order], overlaps[order]
    chosen = [(a[:0], b[:0], overlaps[:0])]
    while len(a):
        best = _firsts(a) & _firsts(b)
        chosen.append((a[best], b[best], overlaps[best]))
        free = ~np.isin(a, a[best]) & ~np.isin(b, b[best])
        a, b, overlaps = a[free], b[free], overlaps[free]
    columns = [np.concatenate(column) for column in zip(*chosen, strict=True)]
    return columns[0], columns[1], columns[2]


def classless(objects: Objects) -> Objects:
    """The same boxes, all of one class."""
    return Objects(objects.image, np.zeros_like(objects.class_id), objects.boxes)


def _firsts(numbers: Integers) -> NDArray[np.bool_]:
    """Where each number stands for the first time."""
    first = np.zeros(len(numbers), np.bool_)
    first[np.unique(numbers, return_index=True)[1]] = True
    return first
