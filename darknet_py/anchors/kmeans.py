"""Anchors for a data set: Darknet's k-means of box sizes with IoU as nearness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darknet_py.errors import DataError

Sizes = NDArray[np.float64]

ITERATIONS = 1000
SAMPLE = 10_000
"""Boxes a run starts with; the best run goes on with all of them."""
CHUNK = 1 << 17


@dataclass(frozen=True, eq=False)
class Anchors:
    """sizes: (k, 2) width and height, by rising area. average_iou: of each box with its best
    anchor, in 0..1. iterations: of the run that was best."""

    sizes: Sizes
    average_iou: float
    iterations: int


def find_anchors(boxes: Sizes, count: int, *, runs: int = 10, seed: int = 0) -> Anchors:
    """The best of several runs of k-means over box sizes (N, 2), in any unit.

    Every run starts from `count` different boxes drawn at random, as Darknet's one run does. The
    same seed gives the same anchors. Raises DataError for fewer different boxes than anchors.
    """
    different = np.unique(boxes, axis=0)
    if len(different) < count:
        message = f"{len(different)} different box sizes cannot make {count} anchors"
        raise DataError(f"{message}; ask for fewer with -num_of_clusters")
    random = np.random.default_rng(seed)
    sample = boxes if len(boxes) <= SAMPLE else random.choice(boxes, SAMPLE, replace=False)
    start = np.unique(sample, axis=0)
    start = start if len(start) >= count else different
    tries = [_clustered(sample, random.choice(start, count, replace=False)) for _ in range(runs)]
    best, rounds = max(tries, key=lambda run: average_iou(sample, run[0]))
    centres, more = _clustered(boxes, best) if len(boxes) > SAMPLE else (best, 0)
    order = np.argsort(centres.prod(axis=1), kind="stable")
    return Anchors(centres[order], average_iou(boxes, centres), rounds + more)


def average_iou(boxes: Sizes, anchors: Sizes) -> float:
    """Mean IoU in 0..1 of each box (N, 2) with the anchor (k, 2) that fits it best."""
    return float(nearest(boxes, anchors)[1].mean())


def nearest(boxes: Sizes, anchors: Sizes) -> tuple[NDArray[np.int64], Sizes]:
    """For each box (N, 2) the anchor (k, 2) that fits it best, the first of equals, and their IoU.

    Boxes and anchors lie in the same corner, as if one were in the middle of the other.
    """
    chosen, overlaps = np.empty(len(boxes), np.int64), np.empty(len(boxes))
    areas = anchors.prod(axis=1)
    for first in range(0, len(boxes), CHUNK):
        part = slice(first, first + CHUNK)
        some = boxes[part]
        inside = np.minimum(some[:, None], anchors).prod(axis=2)
        iou = inside / (some.prod(axis=1)[:, None] + areas - inside)
        chosen[part] = iou.argmax(axis=1)
        overlaps[part] = iou.max(axis=1)
    return chosen, overlaps


def _clustered(boxes: Sizes, centres: Sizes) -> tuple[Sizes, int]:
    """The centres when no box changes its nearest one any more, and after how many rounds."""
    before = np.full(len(boxes), -1)
    for iteration in range(ITERATIONS):
        chosen, _ = nearest(boxes, centres)
        if np.array_equal(chosen, before):
            return centres, iteration
        before = chosen
        count = np.bincount(chosen, minlength=len(centres))
        sums = [np.bincount(chosen, boxes[:, side], len(centres)) for side in (0, 1)]
        means = np.stack(sums, axis=1) / np.maximum(count, 1)[:, None]
        # A centre that lost all its boxes stays where it is.
        centres = np.where((count > 0)[:, None], means, centres)
    return centres, ITERATIONS
