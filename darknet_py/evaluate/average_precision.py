"""The arithmetic of AlexeyAB's `detector map`: average precision, counts at a threshold.

An entry is one box with one class, matched with a label or with none (see matching).
The order of the entries matters in two places, as in the C program: of equal scores the earlier
entry ranks first, and the counts at the threshold let the earliest entry take a label.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darknet_py.errors import DarknetError
from darknet_py.evaluate.matching import Floats, Integers, Mask, Matches, Reals, hits

MOST_POINTS = 10_000


def check_numbers(points: int, **shares: float) -> None:
    """Raises DarknetError for points that give no AP, or a named share that is not in 0..1."""
    for name, value in shares.items():
        if not 0 <= value <= 1:
            raise DarknetError(f"{name} is {value:g}, expected 0 to 1")
    if points and not 2 <= points <= MOST_POINTS:
        raise DarknetError(f"points is {points}, expected 0 (area), 11 (VOC 2007) or 101 (COCO)")


@dataclass(frozen=True, eq=False)
class Ranking:
    """All K entries of an evaluation, by class and within a class by falling score.

    hit: the entry is the first of its label. starts: (C + 1,) where each class begins.
    labels: (C,) how many of each class.
    """

    score: Reals
    hit: Mask
    starts: Integers
    labels: Integers

    def of_class(self, class_id: int) -> slice:
        return slice(int(self.starts[class_id]), int(self.starts[class_id + 1]))


@dataclass(frozen=True, eq=False)
class Counts:
    """What remains above a score threshold: hits and misses of each class (C,), mean IoU.

    average_iou is the sum over the hits divided by hits and misses together, in 0..1.
    """

    tp: Integers
    fp: Integers
    average_iou: float


def count_above(
    score: Floats, class_id: Integers, matches: Matches, classes: int, thresh: float
) -> Counts:
    """Hits and misses above a score threshold, counted before the entries are sorted.

    As in the C program a label is taken by its earliest entry, even one under the threshold: a
    better one behind it is a miss.
    """
    above = score > np.float32(thresh)
    hit = above & hits(matches.label)
    tp = np.bincount(class_id[hit], minlength=classes)
    fp = np.bincount(class_id[above & ~hit], minlength=classes)
    total = int(above.sum())
    mean = float(matches.iou[hit].sum(dtype=np.float64)) / total if total else 0.0
    return Counts(tp, fp, mean)


def rank(score: Reals, class_id: Integers, label: Integers, labels: Integers) -> Ranking:
    """All entries in the order in which they are counted; label: the row of each one's label.

    labels: (C,) how many of each class.
    """
    order = np.lexsort((-score, class_id))
    starts = np.searchsorted(class_id[order], np.arange(len(labels) + 1))
    return Ranking(score[order], hits(label[order]), starts, labels)


def average_precision(hit: Mask, labels: int, points: int = 0) -> float:
    """The AP in 0..1 of one class from its entries (K,) by falling score.

    labels: how many of the class. points: 0 for the area under the curve of precision over recall;
    else the mean best precision at that many recalls from 0 to 1. 0 without labels or entries.
    """
    if not labels or not len(hit):
        return 0.0
    precision, recall = precision_recall(hit, labels)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    if not points:
        return float(np.sum(np.diff(recall, prepend=0.0) * best))
    # Times the reciprocal, as the C program's -Ofast makes of its division: 3 of 10 labels found
    # are less than its recall of .3.
    first = np.searchsorted(recall, np.arange(points) * (1 / (points - 1)))
    return float(np.append(best, 0.0)[first].mean())


def precision_recall(hit: Mask, labels: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Precision and recall (K,) after each entry; recall is 0 without labels."""
    tp = np.cumsum(hit)
    return tp / np.arange(1, len(hit) + 1), tp / max(1, labels)


def average_precisions(ranking: Ranking, points: int = 0) -> NDArray[np.float64]:
    """(C,) the AP of each class."""
    return np.array(
        [
            average_precision(ranking.hit[ranking.of_class(c)], int(count), points)
            for c, count in enumerate(ranking.labels)
        ]
    )
