"""Results of some classes only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from support.tiny_detector import files, noise_image

import darknet_py


def test_the_rows_of_these_classes_are_left(tmp_path: Path) -> None:
    detector = darknet_py.load(*files(tmp_path), names=["a", "b", "c"])
    image = noise_image()
    every, some = detector(image, 0.1), detector(image, 0.1, classes=["a", 2])
    rows = every.boxes.class_id != 1  # type: ignore[union-attr]
    assert 0 < rows.sum() < len(every)
    assert np.array_equal(some.boxes.data, every.boxes.data[rows])  # type: ignore[union-attr]
    (streamed,) = detector.stream([image], 0.1, classes="b")
    assert set(streamed.boxes.class_id.tolist()) == {1}
