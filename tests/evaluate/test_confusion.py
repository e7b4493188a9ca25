"""The confusion matrix and its drawing."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from support.matched_detections import matched_detections

from darknet_py.evaluate.accumulator import MatchedDetections
from darknet_py.evaluate.confusion import LARGEST, _spell, confusion, draw_confusion
from darknet_py.evaluate.eval_pipeline import Entries
from darknet_py.evaluate.ground_truth import GroundTruth
from darknet_py.evaluate.matching import Objects
from darknet_py.plots import RESOLUTION, new_figure


def test_confusion_tells_what_is_taken_for_what(tmp_path: Path) -> None:
    matched = matched_detections(tmp_path)
    assert confusion(matched, 2, 0.25, 0.5).tolist() == [[1, 0, 0], [1, 0, 1], [1, 0, 0]]
    assert confusion(matched, 2, 0.05, 0.5).tolist() == [[1, 0, 0], [1, 1, 0], [1, 0, 0]]
    assert confusion(matched, 2, 0.95, 0.5).tolist() == [[0, 0, 1], [0, 0, 2], [0, 0, 0]]


def test_the_closest_box_goes_first(tmp_path: Path) -> None:
    """A box that overlaps two labels takes the nearer one, and leaves the other to the next box."""
    boxes = np.array([[0.5, 0.5, 0.4, 0.4], [0.52, 0.5, 0.4, 0.4]], np.float32)
    zero, two = np.zeros(2, np.int64), np.array([0, 2])
    ground_truth = GroundTruth(Objects(zero, zero, boxes), two)
    entries = Entries(zero, np.array([1, 0]), np.array([0.9, 0.8], np.float32), boxes[::-1])
    matched = MatchedDetections(("a",), np.array([[9, 9]]), ground_truth, entries, zero - 1)
    assert confusion(matched, 2, 0.1, 0.5).tolist() == [[1, 1, 0], [0, 0, 0], [0, 0, 0]]


def test_a_matrix_of_many_classes_has_no_names(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    sides = []
    for classes in (2, 130):
        path = tmp_path / f"{classes}.png"
        names = [str(number) for number in range(classes)]
        draw_confusion(path, np.eye(classes + 1, dtype=int), names, "title")
        sides.append(cv2.imread(str(path)).shape[0])
    assert sides[0] < sides[1] <= LARGEST * RESOLUTION


def test_counts_are_written_in_the_ink_that_is_seen() -> None:
    """White on the dark half of the shares, black up to the middle."""
    pytest.importorskip("matplotlib")
    figure = new_figure(4, 4)
    axes = figure.add_subplot()
    counts = np.array([[6, 4, 0], [5, 5, 0], [0, 0, 0]])
    _spell(axes, counts, counts / 10, ["ant", "bee"])
    written = {text.get_position(): (text.get_text(), text.get_color()) for text in axes.texts}
    assert written == {
        (0, 0): ("6", "white"),
        (1, 0): ("4", "black"),
        (0, 1): ("5", "black"),
        (1, 1): ("5", "black"),
    }
    assert [label.get_text() for label in axes.get_xticklabels()] == ["ant", "bee", "nothing found"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["ant", "bee", "no label"]
