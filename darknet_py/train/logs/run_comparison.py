"""`compare runs`: several trainings beside each other, as a table and as curves."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from darknet_py.errors import DataError, Location
from darknet_py.plots import new_figure, save
from darknet_py.train.logs.loss_axis import log_axis
from darknet_py.train.logs.run_curves import RunCurves

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RESULTS = "results.csv"
HEADINGS = ("run", "iterations", "avg loss", "best", "at", "images/s", "hours")
NOTHING = "-"


@dataclass(frozen=True)
class TrainingRun:
    """name: what tells it from the others."""

    name: str
    curves: RunCurves

    @property
    def row(self) -> tuple[str, ...]:
        """Of the table, see HEADINGS."""
        curves, last = self.curves, self.curves.last
        best, at = NOTHING, NOTHING
        if curves.best is not None:
            best, at = f"{curves.metric} {100 * curves.best[1]:.2f} %", f"{curves.best[0]:.0f}"
        speed = f"{curves.mean_speed:.1f}" if curves.mean_speed else NOTHING
        if speed != NOTHING and curves.things != "images":
            speed += f" {curves.things}"
        numbers = f"{last['iteration']:.0f}", f"{last['avg_loss']:.4g}"
        return self.name, *numbers, best, at, speed, f"{curves.hours:.2f}"


def read_runs(paths: Sequence[str]) -> list[TrainingRun]:
    """The trainings whose results.csv, or whose folders of weights, these are.

    Raises DataError for a folder without one, and for a file that is none or has no iteration.
    """
    files = [_results_file(path) for path in paths]
    return [
        TrainingRun(name, _curves(file)) for name, file in zip(_names(paths), files, strict=True)
    ]


def _results_file(path: str) -> Path:
    if not os.path.isdir(path):
        return Path(path)
    file = Path(path) / RESULTS
    if not file.exists():
        expected = f"expected the folder of a training's weights, with its {RESULTS}"
        raise DataError(f"has no {RESULTS}, {expected}", Location(path))
    return file


def _curves(file: Path) -> RunCurves:
    curves = RunCurves.read(file)
    if not curves.last:
        raise DataError("has no iteration yet, expected a row for each", Location(str(file)))
    return curves


def _names(paths: Sequence[str]) -> Iterator[str]:
    """What of each path is not in all of them; the whole path where nothing else is left."""
    whole = [path.removesuffix(os.sep + RESULTS) for path in paths]
    parts = [Path(path).parts for path in whole]
    start = len(os.path.commonprefix(parts))
    end = len(os.path.commonprefix([tuple(reversed(one)) for one in parts]))
    for path, one in zip(whole, parts, strict=True):
        own = one[start : max(start, len(one) - end)]
        yield os.path.join(*own) if own else path


def comparison_table(runs: Iterable[TrainingRun]) -> list[str]:
    """The lines of a table, a run in each; the first names the columns."""
    rows = [HEADINGS, *(run.row for run in runs)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [_line(row, widths) for row in rows]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    name, *numbers = (
        text.ljust(width) if number == 0 else text.rjust(width)
        for number, (text, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join([name, *numbers])


def draw_comparison(path: Path, runs: Sequence[TrainingRun]) -> None:
    """Write the runs' average losses, and what was measured of them, to a picture.

    Raises OutputError when it cannot be written.
    """
    measured = [run for run in runs if run.curves.measured]
    figure = new_figure(14 if measured else 9, 6)
    first, *second = figure.subplots(1, 2 if measured else 1, squeeze=False)[0]
    colours = {run.name: f"C{number % 10}" for number, run in enumerate(runs)}
    _draw_losses(first, runs, colours)
    for axes in second:
        _draw_measured(axes, measured, colours)
    last = max(run.curves.last["iteration"] for run in runs)
    for axes in (first, *second):
        axes.grid(alpha=0.3)
        axes.set_xlim(-0.015 * last, 1.015 * last)
    save(figure, path)


def _draw_losses(axes: Axes, runs: Sequence[TrainingRun], colours: dict[str, str]) -> None:
    for run in runs:
        curves = run.curves
        losses = curves.values.mean("avg_loss")
        label = f"{run.name}: {curves.last['avg_loss']:.4g}"
        axes.plot(curves.iterations, losses, color=colours[run.name], label=label)
    log_axis(axes, [run.curves.values.mean("avg_loss") for run in runs])
    axes.set(title="average loss, and the last", xlabel="iteration")
    axes.legend(fontsize=8, loc="upper right")


def _draw_measured(axes: Axes, runs: Sequence[TrainingRun], colours: dict[str, str]) -> None:
    for run in runs:
        points = np.array(run.curves.measured)
        assert run.curves.best is not None
        at, best = run.curves.best
        label = f"{run.name}: {100 * best:.2f} at {at:.0f}"
        colour = colours[run.name]
        axes.plot(points[:, 0], 100 * points[:, 1], ".-", color=colour, label=label)
        axes.plot([at], [100 * best], "*", color=colour, markersize=12)
    metrics = " and ".join(dict.fromkeys(run.curves.metric for run in runs))
    axes.set(title=f"{metrics}, %, and the best", xlabel="iteration")
    axes.margins(y=0.12)
    axes.set_ylim(bottom=max(-2.0, axes.get_ylim()[0]))
    axes.legend(fontsize=8, loc="best")
