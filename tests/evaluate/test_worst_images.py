"""The images with most errors, and their drawing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.matched_detections import matched_detections

from darknet_py.errors import OutputError
from darknet_py.evaluate.eval_pipeline import Entries
from darknet_py.evaluate.worst_images import ImageErrors, draw_worst, worst_images


def test_the_worst_images_and_their_drawing(tmp_path: Path) -> None:
    matched = matched_detections(tmp_path)
    assert worst_images(matched, 0.25, 5) == [ImageErrors(0, 2, 1), ImageErrors(1, 0, 1)]
    assert worst_images(matched, 0.05, 5) == [ImageErrors(0, 2, 1)]
    assert [one.image for one in worst_images(matched, 0.95, 1)] == [0]
    drawn = draw_worst(matched, ["x", "y"], 0.25, 5, tmp_path / "new" / "worst")
    assert [path.name for path in drawn] == [
        "001_2-wrong_1-missed_a.jpg",
        "002_0-wrong_1-missed_b.jpg",
    ]
    first, second = (cv2.imread(str(path)).astype(int) for path in drawn)
    assert (np.abs(first - (0, 0, 230)).sum(axis=2) < 90).sum() > 100, "red boxes"
    assert (np.abs(first - (255, 160, 0)).sum(axis=2) < 90).sum() > 20, "a light blue one"
    yellow = np.abs(second - (0, 200, 255)).sum(axis=2) < 90
    assert yellow.sum() > 50, "the missed label"
    assert second[50, 28:33].max() > 100 > second[50, 40:60].max(), "and at its place"
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file: cannot be made"):
        draw_worst(matched, ["x", "y"], 0.25, 5, tmp_path / "file")


def test_a_box_that_is_best_but_not_first_hits(tmp_path: Path) -> None:
    matched = matched_detections(tmp_path)
    entries = matched.entries
    swapped = Entries(entries.image, entries.class_id, entries.score[[1, 0, 2, 3]], entries.boxes)
    assert worst_images(replace(matched, entries=swapped), 0.85, 1) == [ImageErrors(0, 0, 1)]
