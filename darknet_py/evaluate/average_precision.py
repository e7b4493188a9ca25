"""The arithmetic of AlexeyAB's `detector map`: matching, average precision, counts at a threshold.

Numbers only: arrays of what was found and of what is there. An entry is one box with one class.
The order of the entries matters in two places, as in the C program: of equal scores the earlier
entry ranks first, and the counts at the threshold let the earliest entry take a label.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darknet_py.errors import DarknetError

Floats = NDArray[np.float32]
Reals = NDArray[np.floating[Any]]
"""Single precision where the C programs' figures are wanted."""
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

UNMATCHED = -1
MOST_POINTS = 10_000


def check_numbers(points: int, **shares: float) -> None:
    """Raises DarknetError for points that give no AP, or a named share that is not in 0..1."""
    for name, value in shares.items():
        if not 0 <= value <= 1:
            raise DarknetError(f"{name} is {value:g}, expected 0 to 1")
    if points and not 2 <= points <= MOST_POINTS:
        raise DarknetError(f"points is {points}, expected 0 (area), 11 (VOC 2007) or 101 (COCO)")


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


@dataclass(frozen=True, eq=False)
class Matches:
    """For each of K entries: the row of its label (-1: none), and their IoU (0: none)."""

    truth: Integers
    iou: Floats

    def __len__(self) -> int:
        return len(self.truth)


@dataclass(frozen=True, eq=False)
class Ranking:
    """All K entries of an evaluation, by class and within a class by falling score.

    hit: the entry is the first of its label. starts: (C + 1,) where each class begins.
    truths: (C,) labels of each class.
    """

    score: Reals
    hit: Mask
    starts: Integers
    truths: Integers

    def of_class(self, class_id: int) -> slice:
        return slice(int(self.starts[class_id]), int(self.starts[class_id + 1]))


@dataclass(frozen=True, eq=False)
class Counts:
    """What remains over a score threshold: hits and misses of each class (C,), mean IoU.

    average_iou is the sum over the hits divided by hits and misses together, in 0..1.
    """

    tp: Integers
    fp: Integers
    average_iou: float


def match(found: Objects, truths: Objects, iou_thresh: float) -> Matches:
    """For each entry the label of its image and class that it overlaps most.

    Only an IoU over iou_thresh counts; of equal ones the first label is taken. One label may be
    matched by several entries.
    """
    entry, truth = pairs(found, truths)
    overlaps = iou(found.boxes[entry], truths.boxes[truth])
    near = overlaps > np.float32(iou_thresh)
    entry, truth, overlaps = entry[near], truth[near], overlaps[near]
    # By entry, the largest overlap first, then the order of the labels.
    order = np.lexsort((truth, -overlaps, entry))
    entries, first = np.unique(entry[order], return_index=True)
    best = order[first]
    chosen, largest = np.full(len(found), UNMATCHED), np.zeros(len(found), np.float32)
    chosen[entries], largest[entries] = truth[best], overlaps[best]
    return Matches(chosen, largest)


def iou(a: Reals, b: Reals) -> Reals:
    """IoU (N,) of centre-form boxes (N, 4), two by two, 0 where one is empty."""
    low = np.maximum(a[:, :2] - a[:, 2:] / 2, b[:, :2] - b[:, 2:] / 2)
    high = np.minimum(a[:, :2] + a[:, 2:] / 2, b[:, :2] + b[:, 2:] / 2)
    sides = high - low
    inside = np.where((sides < 0).any(axis=1), 0, sides[:, 0] * sides[:, 1])
    union = a[:, 2] * a[:, 3] + b[:, 2] * b[:, 3] - inside
    counted = (inside != 0) & (union != 0)
    return np.divide(inside, union, out=np.zeros_like(inside), where=counted)


def pairs(found: Objects, truths: Objects) -> tuple[Integers, Integers]:
    """Rows of all entries and labels that share image and class, entry by entry."""
    classes = 1 + max(found.class_id.max(initial=0), truths.class_id.max(initial=0))
    key = truths.image * classes + truths.class_id
    order = np.argsort(key, kind="stable")
    wanted = found.image * classes + found.class_id
    first = np.searchsorted(key[order], wanted, side="left")
    count = np.searchsorted(key[order], wanted, side="right") - first
    entry = np.repeat(np.arange(len(found)), count)
    place = np.arange(len(entry)) - np.repeat(np.cumsum(count) - count, count)
    return entry, order[np.repeat(first, count) + place]


def firsts(truth: Integers) -> Mask:
    """(K,) whether an entry is the first in order that is matched to its label."""
    first = np.zeros(len(truth), np.bool_)
    rows = np.flatnonzero(truth != UNMATCHED)
    first[rows[np.unique(truth[rows], return_index=True)[1]]] = True
    return first


def count_over(
    score: Floats, class_id: Integers, matches: Matches, classes: int, thresh: float
) -> Counts:
    """Hits and misses over a score threshold, counted before the entries are sorted.

    As in the C program a label is taken by its earliest entry, even one under the threshold: a
    better one behind it is a miss.
    """
    over = score > np.float32(thresh)
    hit = over & firsts(matches.truth)
    tp = np.bincount(class_id[hit], minlength=classes)
    fp = np.bincount(class_id[over & ~hit], minlength=classes)
    total = int(over.sum())
    mean = float(matches.iou[hit].sum(dtype=np.float64)) / total if total else 0.0
    return Counts(tp, fp, mean)


def rank(score: Reals, class_id: Integers, truth: Integers, truths: Integers) -> Ranking:
    """All entries in the order in which they are counted; truths: (C,) labels of each class."""
    order = np.lexsort((-score, class_id))
    starts = np.searchsorted(class_id[order], np.arange(len(truths) + 1))
    return Ranking(score[order], firsts(truth[order]), starts, truths)


def average_precision(hit: Mask, truths: int, points: int = 0) -> float:
    """The AP in 0..1 of one class from its entries (K,) by falling score.

    truths: labels of the class. points: 0 for the area under the curve of precision over recall;
    else the mean best precision at that many recalls from 0 to 1. 0 without labels or entries.
    """
    if not truths or not len(hit):
        return 0.0
    precision, recall = precision_recall(hit, truths)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    if not points:
        return float(np.sum(np.diff(recall, prepend=0.0) * best))
    # Times the reciprocal, as the C program's -Ofast makes of its division: 3 of 10 labels found
    # are less than its recall of .3.
    place = np.searchsorted(recall, np.arange(points) * (1 / (points - 1)))
    return float(np.append(best, 0.0)[place].mean())


def precision_recall(hit: Mask, truths: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Precision and recall (K,) after each entry; recall is 0 without labels."""
    tp = np.cumsum(hit)
    return tp / np.arange(1, len(hit) + 1), tp / max(1, truths)


def average_precisions(ranking: Ranking, points: int = 0) -> NDArray[np.float64]:
    """(C,) the AP of each class."""
    return np.array(
        [
            average_precision(ranking.hit[ranking.of_class(c)], int(count), points)
            for c, count in enumerate(ranking.truths)
        ]
    )
