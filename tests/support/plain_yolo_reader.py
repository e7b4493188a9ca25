"""What programs of others do with an exported file's rows: a threshold, and IoU within a class.

Written with numpy alone, from what the forms promise; nothing of the package is used.
"""

from __future__ import annotations

import numpy as np

Rows = np.ndarray
"""(D, 6): left, top, right, bottom in pixels of the input, score, class."""


def read_ultralytics(output: np.ndarray, thresh: float, iou: float) -> Rows:
    """output0 (1, 4 + C, K)."""
    rows = output[0].T
    x, y, w, h = rows[:, :4].T
    corners = np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], axis=1)
    row, number = np.nonzero(rows[:, 4:] > thresh)
    scores = rows[row, 4 + number]
    return suppressed(np.column_stack([corners[row], scores, number]), iou)


def read_deepstream(output: np.ndarray, thresh: float, iou: float) -> Rows:
    """output (1, K, 6)."""
    return suppressed(output[0][output[0][:, 4] > thresh], iou)


def suppressed(rows: Rows, iou: float) -> Rows:
    kept: list[np.ndarray] = []
    for row in rows[np.argsort(-rows[:, 4], kind="stable")]:
        if all(row[5] != other[5] or overlap(row, other) <= iou for other in kept):
            kept.append(row)
    return np.array(kept).reshape(-1, 6)


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    both = max(0.0, width) * max(0.0, height)
    areas = [(r[2] - r[0]) * (r[3] - r[1]) for r in (one, other)]
    return both / (sum(areas) - both)
