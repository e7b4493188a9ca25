"""The picture of `advise --show`: how large the objects are, over the cells of the heads."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from darknet_py.advice.advice_report import ObjectFacts
from darknet_py.advice.input_size import SMALL
from darknet_py.anchors.kmeans import Sizes
from darknet_py.plots import new_figure, save

BINS_PER_DOUBLING = 4


def draw_sizes(path: Path, boxes: Sizes, objects: ObjectFacts) -> None:
    """A histogram of the square roots of the areas of boxes (N, 2), in pixels of the input."""
    sides = np.sqrt(boxes.prod(axis=1))
    figure = new_figure(8, 5)
    axes = figure.add_subplot()
    low, high = np.log2(max(sides.min(), 1.0)), np.log2(max(sides.max(), 2.0))
    count = max(1, int(np.ceil((high - low) * BINS_PER_DOUBLING)))
    axes.hist(sides, bins=np.logspace(low, high, count + 1, base=2).tolist(), color="0.7")
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.axvline(SMALL, color="tab:red", linestyle=":", label=f"{SMALL} pixels")
    for number, head in enumerate(sorted(objects.heads, key=lambda head: head.stride)):
        label = f"cell of stride {head.stride:g}: {head.under_cell:.1%} are smaller"
        axes.axvline(head.stride, color=f"C{number}", linestyle="--", label=label)
    axes.set(xlabel="side of an object (root of its area), pixels of the input", ylabel="objects")
    axes.set_title(f"{len(boxes)} objects at {objects.width} x {objects.height}")
    axes.legend()
    save(figure, path)
