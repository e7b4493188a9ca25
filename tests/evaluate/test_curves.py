"""Precision, recall and F1 by threshold, precision by recall."""

from __future__ import annotations

import numpy as np
import pytest

from darknet_py.evaluate.average_precision import rank
from darknet_py.evaluate.curves import RECALLS, recall_curves, threshold_curves


def test_curves_by_threshold() -> None:
    score = np.array([0.2, 0.8, 0.6, 0.6], np.float32)
    hit = np.array([True, True, False, True])
    curves = threshold_curves(score, hit, 4)
    assert curves.score.tolist() == pytest.approx([0.8, 0.6, 0.2])
    assert curves.precision.tolist() == pytest.approx([1, 2 / 3, 3 / 4])
    assert curves.recall.tolist() == pytest.approx([1 / 4, 2 / 4, 3 / 4])
    assert curves.f1.tolist() == pytest.approx([0.4, 4 / 7, 3 / 4])
    assert curves.best == pytest.approx((0.1, 0.75))
    best = threshold_curves(score, np.array([False, True, False, True]), 3).best
    assert best == pytest.approx((0.4, 4 / 6))
    nothing = threshold_curves(score[:0], hit[:0], 4)
    assert nothing.best == (0, 0)
    assert threshold_curves(score, ~hit & hit, 4).f1.tolist() == [0, 0, 0]


def test_curves_by_recall() -> None:
    score = np.array([0.9, 0.8, 0.7, 0.5], np.float32)
    class_id, label = np.array([0, 0, 0, 2]), np.array([0, -1, 1, -1])
    curves = recall_curves(rank(score, class_id, label, np.array([4, 0, 1])))
    assert curves.shape == (2, 101)
    expected = np.where(RECALLS <= 0.25, 1, np.where(RECALLS <= 0.5, 2 / 3, 0))
    assert curves[0].tolist() == pytest.approx(expected.tolist())
    assert not curves[1].any()
