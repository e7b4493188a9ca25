"""The figures of an evaluation: curves, matrices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from darknet_py.evaluate.curves import RECALLS, over_recall
from darknet_py.plots import new_figure, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from darknet_py.evaluate.map_result import MapResult

NAMED, SPELLED = 20, 120
"""Classes at most whose curves are named, and whose names and counts are in the matrix."""
CELL, LARGEST = 0.3, 24
"""Inches of a cell of the matrix, and of the whole."""


def draw_curves(path: Path, result: MapResult) -> None:
    """Precision over recall of every class, and precision, recall and F1 over the threshold."""
    figure = new_figure(13, 6)
    left, right = figure.subplots(1, 2)
    _draw_recall(left, result)
    _draw_threshold(right, result)
    for axes in (left, right):
        axes.set(xlim=(0, 1), ylim=(0, 1.02))
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8, loc="best")
    save(figure, path)


def _draw_recall(axes: Axes, result: MapResult) -> None:
    curves, labelled = over_recall(result.ranking), result.labelled
    few = len(labelled) <= NAMED
    for curve, row in zip(curves, labelled, strict=True):
        style = {"label": f"{row.name} {row.ap:.3f}"} if few else {"color": "grey", "alpha": 0.35}
        axes.plot(RECALLS, curve, linewidth=1, **style)
    mean = f"mean of {len(labelled)} classes with labels"
    axes.plot(RECALLS, curves.mean(axis=0), color="black", linewidth=2.5, label=mean)
    iou, classes = result.conditions.iou_thresh, len(result.classes)
    title = f"mAP@{iou:.2f} = {result.map:.4f} over {classes} classes"
    axes.set(xlabel="recall", ylabel="precision", title=title)


def _draw_threshold(axes: Axes, result: MapResult) -> None:
    curves = result.by_threshold
    for name in ("precision", "recall", "f1"):
        axes.plot(curves.score, getattr(curves, name), label=name.replace("f1", "F1"))
    thresh, f1 = curves.best
    axes.plot([thresh], [f1], "o", color="black", label=f"best F1 = {f1:.3f} at {thresh:.3f}")
    axes.axvline(result.thresh, linestyle=":", color="grey", label=f"-thresh {result.thresh:g}")
    axes.set(xlabel="threshold", title="all classes together")


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
    places, size = np.arange(len(counts)), 10 if len(counts) <= NAMED else 7
    axes.set_xticks(places, [*names, "nothing found"], rotation=90, fontsize=size)
    axes.set_yticks(places, [*names, "no label"], fontsize=size)
    for row, column in zip(*np.nonzero(counts), strict=True):
        ink = "white" if shares[row, column] > 0.5 else "black"
        text = str(counts[row, column])
        axes.text(column, row, text, ha="center", va="center", color=ink, fontsize=size)
