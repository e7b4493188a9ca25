"""Detections matched batch by batch: rows of labels, excused boxes, what is kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from darknet_py.detect.candidates import Candidates
from darknet_py.detect.pipeline import Detections, Timing
from darknet_py.evaluate import accumulator as module
from darknet_py.evaluate.accumulator import Accumulator
from darknet_py.evaluate.ground_truth import GroundTruth
from darknet_py.evaluate.matching import Objects
from darknet_py.images.frames import Frame

LEFT, RIGHT = [0.3, 0.5, 0.2, 0.2], [0.7, 0.5, 0.2, 0.2]


def ground_truth(image: list[int], boxes: list[list[float]]) -> GroundTruth:
    """Labels of class 0 in three images."""
    rows = np.array(image, np.int64)
    objects = Objects(rows, np.zeros_like(rows), np.array(boxes, np.float32).reshape(-1, 4))
    return GroundTruth(objects, np.searchsorted(rows, np.arange(4)))


def batch(
    first: int, image: list[int], boxes: list[list[float]], scores: list[float]
) -> Detections:
    """Boxes of class 0 in images of 20 x 10 pixels; `image` counts from 0."""
    found = Candidates(
        torch.tensor(image),
        torch.tensor(boxes),
        torch.ones(len(image)),
        torch.tensor(scores)[:, None],
    )
    count = max(image) + 1
    frames = tuple(Frame("x", first + k, None, (20, 10), None) for k in range(count))
    return Detections(first, frames, found, Timing())


LABELS = ground_truth([0, 2, 2], [LEFT, LEFT, RIGHT])
BATCHES = (batch(0, [0, 0, 1], [RIGHT, LEFT, LEFT], [0.9, 0.8, 0.7]), batch(2, [0], [RIGHT], [0.6]))


@pytest.mark.parametrize("rows", [1, 1 << 16])
def test_rows_of_labels_count_through_all_batches(
    rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_ROWS", rows)
    accumulator = Accumulator(0.5, LABELS, None, keep=True)
    for one in BATCHES:
        accumulator.add(*accumulator.matched(one))
    scored = accumulator.scored()
    assert scored.score.tolist() == pytest.approx([0.9, 0.8, 0.7, 0.6])
    assert scored.matches.label.tolist() == [-1, 0, -1, 2]
    assert scored.matches.iou.tolist() == pytest.approx([0, 1, 0, 1], abs=1e-6)
    assert scored.counted.all()
    matched = accumulator.all_matched(["a", "b", "c"])
    assert matched is not None and matched.images == ("a", "b", "c")
    assert matched.sizes.tolist() == [[20, 10]] * 3
    assert matched.entries.image.tolist() == [0, 0, 1, 2]
    assert matched.label.tolist() == [-1, 0, -1, 2]
    assert matched.entries.boxes[3].tolist() == pytest.approx(RIGHT)


def test_what_lies_on_a_difficult_object_and_no_label_is_not_counted() -> None:
    difficult = ground_truth([0, 0], [LEFT, RIGHT])
    accumulator = Accumulator(0.5, LABELS, difficult, keep=False)
    for one in BATCHES:
        accumulator.add(*accumulator.matched(one))
    assert accumulator.scored().counted.tolist() == [False, True, True, True]
    assert accumulator.all_matched(["a", "b", "c"]) is None


def test_a_batch_with_gaps_comes_in_parts_that_count_as_the_whole() -> None:
    """Those of another process may be between its images."""
    whole = batch(0, [0, 0, 1], [RIGHT, LEFT, RIGHT], [0.9, 0.8, 0.6])
    frames = (whole.frames[0], replace(whole.frames[1], number=2))
    accumulator = Accumulator(0.5, LABELS, None, keep=True)
    parts = accumulator.matched(replace(whole, frames=frames, timing=Timing(1, 2, 3)))
    assert [part.numbers.tolist() for part in parts] == [[0], [2]]
    assert [part.rows["image"].tolist() for part in parts] == [[0, 0], [2]]
    assert [part.timing for part in parts] == [Timing(1, 2, 3), Timing()]
    for part in parts:
        accumulator.add(part)
    assert accumulator.scored().matches.label.tolist() == [-1, 0, 2]
