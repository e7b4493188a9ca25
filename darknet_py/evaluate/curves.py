"""Curves: precision, recall and F1 by threshold, and precision by recall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darknet_py.evaluate.average_precision import Ranking, precision_recall
from darknet_py.evaluate.matching import Floats, Mask

Curve = NDArray[np.float64]

RECALLS = np.linspace(0, 1, 101)


@dataclass(frozen=True, eq=False)
class ThresholdCurves:
    """All classes together, for every score there is, falling: what -thresh just under it gives."""

    score: Curve
    precision: Curve
    recall: Curve

    @property
    def f1(self) -> Curve:
        """Harmonic mean of precision and recall, 0 where both are 0."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / np.where(total > 0, total, 1)

    @property
    def best(self) -> tuple[float, float]:
        """The threshold of the best F1, and that F1; 0 and 0 without entries.

        The threshold lies between the score that still counts and the next one.
        """
        if not len(self.score):
            return 0.0, 0.0
        best = int(self.f1.argmax())
        below = self.score[best + 1] if best + 1 < len(self.score) else 0.0
        return float(self.score[best] + below) / 2, float(self.f1[best])


def threshold_curves(score: Floats, hit: Mask, labels: int) -> ThresholdCurves:
    """The curves of entries (K,) of all classes; those of equal score count together."""
    order = np.argsort(-score, kind="stable")
    falling = score[order].astype(np.float64)
    precision, recall = precision_recall(hit[order], labels)
    last = np.append(falling[1:] != falling[:-1], True)[: len(falling)]
    return ThresholdCurves(falling[last], precision[last], recall[last])


def recall_curves(ranking: Ranking) -> NDArray[np.float64]:
    """(classes with labels, 101) the best precision at RECALLS or more, of each class."""
    labelled = np.flatnonzero(ranking.labels)
    return np.array([_recall_curve(ranking, int(c)) for c in labelled]).reshape(-1, len(RECALLS))


def _recall_curve(ranking: Ranking, class_id: int) -> Curve:
    rows = ranking.of_class(class_id)
    precision, recall = precision_recall(ranking.hit[rows], int(ranking.labels[class_id]))
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return np.append(best, 0.0)[np.searchsorted(recall, RECALLS)]
