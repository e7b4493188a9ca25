"""The drawing of `map --curves`: precision by recall, and precision, recall and F1 by threshold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from darknet_py.evaluate.curves import RECALLS, recall_curves
from darknet_py.plots import new_figure, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from darknet_py.evaluate.map_result import MapResult

NAMED = 20
"""Classes at most whose curves are named."""


def draw_curves(path: Path, result: MapResult) -> None:
    """Precision by recall of every class, and precision, recall and F1 by threshold."""
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
    curves, labelled = recall_curves(result.ranking), result.labelled
    few = len(labelled) <= NAMED
    for curve, row in zip(curves, labelled, strict=True):
        style = {"label": f"{row.name} {row.ap:.3f}"} if few else {"color": "grey", "alpha": 0.35}
        axes.plot(RECALLS, curve, linewidth=1, **style)
    mean = f"mean of {len(labelled)} classes with labels"
    axes.plot(RECALLS, curves.mean(axis=0), color="black", linewidth=2.5, label=mean)
    iou, classes = result.eval_config.iou_thresh, len(result.classes)
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
