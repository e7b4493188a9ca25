"""The cloud of box sizes that `calc_anchors --show` draws."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from darknet_py.anchors.kmeans import Sizes, nearest
from darknet_py.plots import new_figure, save

DOTS = 20_000
"""Boxes shown at most: more of them are one blot."""


def draw_cloud(path: Path, boxes: Sizes, anchors: Sizes, unit: tuple[int, int]) -> None:
    """The sizes of boxes (N, 2), coloured by nearest anchor, and the anchors (k, 2) as frames."""
    from matplotlib.patches import Rectangle

    shown = boxes if len(boxes) <= DOTS else np.random.default_rng(0).choice(boxes, DOTS)
    figure = new_figure(8, 8)
    axes = figure.add_subplot()
    chosen, _ = nearest(shown, anchors)
    axes.scatter(shown[:, 0], shown[:, 1], c=chosen, cmap="tab20", s=10, alpha=0.6, linewidths=0)
    for number, (width, height) in enumerate(anchors.tolist()):
        axes.add_patch(Rectangle((0, 0), width, height, fill=False, linewidth=1, alpha=0.6))
        axes.annotate(
            f"{number}: {width:.4g} x {height:.4g}",
            (width, height),
            (5, 4),
            textcoords="offset points",
        )
    axes.scatter(anchors[:, 0], anchors[:, 1], c="black", marker="x")
    axes.set(xlabel="width", ylabel="height", xlim=(0, unit[0]), ylim=(0, unit[1]))
    axes.set_title(f"{len(boxes)} boxes and {len(anchors)} anchors at {unit[0]} x {unit[1]}")
    save(figure, path)
