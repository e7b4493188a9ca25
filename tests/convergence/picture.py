"""The curves of both programs in one picture: mAP and loss of each net."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from convergence.figures import STEP, Figures, RunFigures

LOOKS = {"Darknet (C)": "tab:blue", "darknet-py": "tab:orange"}
"""Colour of each program's runs."""


def draw(path: Path, c: Figures, ours: Figures) -> None:
    """A row for each net: its mAP on the left, its loss on the right; a line for each run."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(len(ours), 2, figsize=(11, 3.6 * len(ours)), squeeze=False)
    for (left, right), net in zip(axes, ours, strict=True):
        for (name, colour), runs in zip(LOOKS.items(), (c[net], ours[net]), strict=True):
            for number, run in enumerate(runs):
                label = f"{name}, {len(runs)} runs" if not number else None
                look = {"color": colour, "linewidth": 1.2, "alpha": 0.75, "label": label}
                _draw_map(left, run, look)
                right.plot(_middles(run), run.loss, **look)
        _label(left, right, net)
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    plt.close(figure)


def _draw_map(axes: Any, run: RunFigures, look: dict[str, Any]) -> None:
    axes.plot([0, *run.map], [0, *run.map.values()], marker="o", markersize=3.5, **look)


def _middles(run: RunFigures) -> list[float]:
    return [STEP * (number + 0.5) for number in range(len(run.loss))]


def _label(left: Any, right: Any, net: str) -> None:
    left.set(title=f"{net}: mAP at IoU .5 on 200 fresh images", xlabel="iteration", ylabel="%")
    right.set(title=f"{net}: loss, means of {STEP} iterations", xlabel="iteration", yscale="log")
    for axes in (left, right):
        axes.grid(alpha=0.3, which="both")
        axes.legend()
