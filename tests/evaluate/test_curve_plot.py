"""The drawing of `map --curves`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.map_result import RESULT

from darknet_py.evaluate import curve_plot
from darknet_py.evaluate.average_precision import rank
from darknet_py.evaluate.curves import RECALLS


def drawn(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """Both axes of the drawing of two classes with labels and one without."""
    pytest.importorskip("matplotlib")
    score = np.array([0.9, 0.8, 0.7], np.float32)
    ranking = rank(score, np.array([0, 0, 1]), np.array([0, -1, 1]), np.array([350, 3, 0]))
    figures: list[Any] = []
    monkeypatch.setattr(curve_plot, "save", lambda figure, path: figures.append(figure))
    curve_plot.draw_curves(Path("c.png"), replace(RESULT, ranking=ranking))
    left, right = figures[0].axes
    return left, right


def test_each_class_with_labels_has_a_curve_and_their_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    left, right = drawn(monkeypatch)
    assert [line.get_label() for line in left.lines] == [
        *("person 0.474", "traffic light 1.000"),
        "mean of 2 classes with labels",
    ]
    first, second, mean = (line.get_ydata() for line in left.lines)
    assert mean == pytest.approx((first + second) / 2)
    assert second.tolist() == [1.0 if recall <= 1 / 3 else 0.0 for recall in RECALLS]
    assert left.get_title() == "mAP@0.50 = 0.4913 over 3 classes"
    assert [line.get_label() for line in right.lines][:3] == ["precision", "recall", "F1"]
    assert right.lines[3].get_label() == "best F1 = 0.444 at 0.250"


def test_of_many_classes_only_the_mean_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curve_plot, "NAMED", 1)
    left, _ = drawn(monkeypatch)
    named = [line.get_label() for line in left.lines if not line.get_label().startswith("_")]
    assert named == ["mean of 2 classes with labels"]


def test_the_axes_say_what_they_show(monkeypatch: pytest.MonkeyPatch) -> None:
    left, right = drawn(monkeypatch)
    assert (left.get_xlabel(), left.get_ylabel()) == ("recall", "precision")
    assert (right.get_xlabel(), right.get_title()) == ("threshold", "all classes together")
    for axes in (left, right):
        assert (axes.get_xlim(), axes.get_ylim()) == ((0, 1), (0, 1.02))
        assert axes.get_legend() is not None
    assert all(line.get_xdata().tolist() == list(RECALLS) for line in left.lines)
    curves = RESULT.by_threshold
    for line, values in zip(
        right.lines, (curves.precision, curves.recall, curves.f1), strict=False
    ):
        assert line.get_xdata().tolist() == curves.score.tolist()
        assert line.get_ydata().tolist() == values.tolist()
    assert [line.get_xdata()[0] for line in right.lines[3:]] == [0.25, RESULT.thresh]
    assert right.lines[4].get_label() == f"-thresh {RESULT.thresh:g}"
