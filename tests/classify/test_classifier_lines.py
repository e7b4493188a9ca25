"""The lines of both programs, to the character."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from support.size_free_classifier import network

from darknet_py.classify.accuracy import RunningAccuracy
from darknet_py.classify.classifier_lines import (
    accuracy_lines,
    header,
    part_line,
    prediction,
    timing,
)
from darknet_py.data.classifier_samples import tree_of
from darknet_py.forks import ALEXEYAB, PJREDDIE

SCORES = np.array([0.125, 0.5, 0.25, 0.0625, 0.0625], np.float32)
NAMES = list("abcde")
ACCURACY = RunningAccuracy("f/b.png", 1, SCORES, count=4, right=1, in_top=3)


def test_predictions(tmp_path: Path) -> None:
    assert list(prediction(SCORES, NAMES, 2, ALEXEYAB, None)) == ["b: 0.500000", "c: 0.250000"]
    assert list(prediction(SCORES, NAMES, 2, PJREDDIE, None)) == ["50.00%: b", "25.00%: c"]
    (tmp_path / "c.tree").write_text("a -1\nb -1\nc 0\nd 0\ne 1\n")
    tree = tree_of(network(tmp_path, "tree=c.tree").graph)
    assert list(prediction(SCORES, NAMES, 2, ALEXEYAB, tree)) == [
        "1, b: 0.500000, parent: Root ",
        "2, c: 0.250000, parent: a ",
    ]


def test_timing_and_header(tmp_path: Path) -> None:
    assert timing("a.jpg", 0.5, ALEXEYAB) == "a.jpg: Predicted in 500.000000 milli-seconds."
    assert timing("a.jpg", 0.5, PJREDDIE) == "a.jpg: Predicted in 0.500000 seconds."
    graph = network(tmp_path).graph
    assert header(graph, 5) == " classes = 5, output in cfg = 5 "


def test_accuracy() -> None:
    line = "3: top 1: 0.250000, top 2: 0.750000"
    assert list(accuracy_lines(ACCURACY, 2, names_image=False)) == [line]
    named = "f/b.png, 1, 0.125000, 0.500000, "
    assert list(accuracy_lines(ACCURACY, 2, names_image=True)) == [named, line]
    assert part_line(ACCURACY, 2, 7, 1.5, 9) == (
        "7: top 1: 0.250000, top 2: 0.750000, 1.500000 seconds, 9 images\n"
    )
