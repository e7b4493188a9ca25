"""The bar chart of a benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from darknet_py.benchmark.engine_runs import BenchmarkRow
from darknet_py.plots import new_figure, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAR = 0.45
"""Inches a bar takes."""


def draw_chart(path: Path, rows: Sequence[BenchmarkRow], title: str) -> None:
    """Median milliseconds of every entry, a frame for each batch size; whiskers reach the p90."""
    batches = list(dict.fromkeys(row.entry.batch for row in rows))
    figure = new_figure(8, 1 + len(batches) + BAR * len(rows))
    figure.suptitle(title)
    heights = [1 + sum(row.entry.batch == batch for row in rows) for batch in batches]
    frames = figure.subplots(len(batches), 1, squeeze=False, height_ratios=heights)
    for axes, batch in zip(frames[:, 0], batches, strict=True):
        _draw(axes, [row for row in rows if row.entry.batch == batch], batch)
    save(figure, path)


def _draw(axes: Axes, rows: Sequence[BenchmarkRow], batch: int) -> None:
    medians = [row.latency.median_ms for row in rows]
    beyond = [row.latency.p90_ms - row.latency.median_ms for row in rows]
    positions = range(len(rows))
    axes.barh(positions, medians, xerr=[[0.0] * len(rows), beyond], color="tab:blue", ecolor="grey")
    axes.set_yticks(positions, [row.entry.label for row in rows])
    axes.invert_yaxis()
    for position, row in enumerate(rows):
        text = f" {row.latency.median_ms:.2f} ms, {row.images_per_s:.1f}/s"
        axes.text(row.latency.p90_ms, position, text, va="center", fontsize=8)
    axes.set(xlabel="milliseconds a batch, median to p90", title=f"batch {batch}")
    axes.set_xlim(0, 1.35 * max(row.latency.p90_ms for row in rows))
