"""What an evaluation keeps of two images, made by hand."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from darknet_py.evaluate.accumulator import MatchedDetections
from darknet_py.evaluate.eval_pipeline import Entries
from darknet_py.evaluate.ground_truth import GroundTruth
from darknet_py.evaluate.matching import Objects


def matched_detections(folder: Path) -> MatchedDetections:
    """Two images of 100 x 100. In the first two labels and three boxes, in the second a label."""
    names = []
    for name in ("a.png", "b.png"):
        names.append(str(folder / name))
        cv2.imwrite(names[-1], np.zeros((100, 100, 3), np.uint8))
    labels = Objects(
        np.array([0, 0, 1]),
        np.array([0, 1, 1]),
        np.array([[0.3, 0.3, 0.2, 0.2], [0.7, 0.7, 0.2, 0.2], [0.5, 0.5, 0.4, 0.4]], np.float32),
    )
    # Right; a worse second box on the same label; another class on the second label; a faint one.
    entries = Entries(
        np.array([0, 0, 0, 1]),
        np.array([0, 0, 0, 1]),
        np.array([0.9, 0.8, 0.7, 0.1], np.float32),
        np.array(
            [
                [0.3, 0.3, 0.2, 0.2],
                [0.34, 0.3, 0.2, 0.2],
                [0.7, 0.7, 0.2, 0.2],
                [0.5, 0.5, 0.4, 0.4],
            ],
            np.float32,
        ),
    )
    ground_truth = GroundTruth(labels, np.array([0, 2, 3]))
    sizes = np.array([[100, 100]] * 2)
    return MatchedDetections(tuple(names), sizes, ground_truth, entries, np.array([0, 0, -1, 2]))
