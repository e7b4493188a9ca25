"""Figures drawn with matplotlib, which is an optional extra."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from darknet_py.errors import DarknetError, OutputError
from darknet_py.evaluate.anchors import Sizes, nearest
from darknet_py.replacement import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS = 20_000
"""Boxes shown at most: more of them are one blot."""
RESOLUTION = 110


def require_matplotlib(option: str) -> None:
    """Raises DarknetError when the package that draws is not installed."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        cure = "pip install 'darknet-py[plot]'"
        raise DarknetError(f"{option} needs the package matplotlib: {cure}") from None


def require_picture(path: Path) -> None:
    """Raises OutputError for a suffix matplotlib has no format for."""
    if path.suffix.lower() not in FORMATS:
        known = ", ".join(FORMATS)
        raise OutputError(f"{path}: figures are drawn as {known}; give it such a name")


FORMATS = (".png", ".jpg", ".svg", ".pdf")


def new_figure(width: float, height: float) -> Figure:
    """A figure of that many inches, without a window."""
    from matplotlib.figure import Figure

    return Figure((width, height), layout="constrained")


def save(figure: Figure, path: Path) -> None:
    """Write a figure; it appears whole or not at all."""
    with replacing(path) as file:
        figure.savefig(file, format=path.suffix[1:].lower(), dpi=RESOLUTION)


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
