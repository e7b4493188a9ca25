"""Which class is taken for which: boxes above the threshold by labels, counted and drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from darknet_py.evaluate.accumulator import MatchedDetections
from darknet_py.evaluate.matching import Integers, match_one_to_one
from darknet_py.plots import new_figure, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CELL, LARGEST = 0.3, 24
"""Inches of a cell of the drawn matrix, and of the whole."""
SPELLED, LARGE_TYPE = 120, 20
"""Classes at most whose names and counts are in the drawing, and those that are in large type."""


def confusion(
    matched: MatchedDetections, classes: int, thresh: float, iou_thresh: float
) -> Integers:
    """(classes + 1, classes + 1) counts: rows are the label's class, columns the box's.

    The last row counts boxes on no label, the last column labels without box. A box and a label
    belong together when they overlap by more than iou_thresh and neither overlaps another one
    that is still free by more. The corner of both is 0.
    """
    entries, labels = matched.entries, matched.ground_truth.objects
    boxes = entries.objects.select(entries.score > np.float32(thresh))
    box, label, _ = match_one_to_one(boxes.classless(), labels.classless(), iou_thresh)
    wrong, missed = np.delete(boxes.class_id, box), np.delete(labels.class_id, label)
    none = np.full_like
    row = np.concatenate([labels.class_id[label], none(wrong, classes), missed])
    column = np.concatenate([boxes.class_id[box], wrong, none(missed, classes)])
    side = classes + 1
    return np.bincount(row * side + column, minlength=side * side).reshape(side, side)


def draw_confusion(path: Path, counts: NDArray[np.int64], names: Sequence[str], title: str) -> None:
    """Counts (C + 1, C + 1) of labels in rows by boxes in columns, coloured by share of the row."""
    side = min(LARGEST, 4 + CELL * len(counts))
    figure = new_figure(side + 1, side)
    axes = figure.add_subplot()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    figure.colorbar(image, ax=axes, shrink=0.6, label="share of the row")
    axes.set(xlabel="box", ylabel="label", title=title)
    if len(counts) <= SPELLED:
        _spell(axes, counts, shares, names)
    save(figure, path)


def _spell(
    axes: Axes, counts: NDArray[np.int64], shares: NDArray[np.float64], names: Sequence[str]
) -> None:
    """Names beside the matrix and counts in it."""
    ticks, size = np.arange(len(counts)), 10 if len(counts) <= LARGE_TYPE else 7
    axes.set_xticks(ticks, [*names, "nothing found"], rotation=90, fontsize=size)
    axes.set_yticks(ticks, [*names, "no label"], fontsize=size)
    for row, column in zip(*np.nonzero(counts), strict=True):
        ink = "white" if shares[row, column] > 0.5 else "black"
        text = str(counts[row, column])
        axes.text(column, row, text, ha="center", va="center", color=ink, fontsize=size)
