"""results.png: everything a training measures, each thing in a panel of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from darknet_py.plots import new_figure, save
from darknet_py.train.logs.head_metrics import BOXES
from darknet_py.train.logs.loss_axis import log_axis
from darknet_py.train.logs.progress_log import KEPT
from darknet_py.train.logs.run_curves import RunCurves

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from darknet_py.train.logs.thinned_table import Floats

WIDTH, ROW_HEIGHT, TITLE_HEIGHT = 13.5, 3.4, 0.5
"""Inches."""
ACROSS = 6
"""Columns of the grid that panels are laid out on: rows of two and of three fit."""
BEST, PLAIN, SECOND = "tab:red", "tab:blue", "tab:orange"
FULL = 1.02
"""Top of an axis for what lies in 0..1."""
HEADS = ("tab:green", "tab:purple", "tab:brown", "tab:pink", "tab:olive", "tab:cyan")
"""Of a head the same colour in all panels."""


class Panel(NamedTuple):
    """is_there: whether there is anything to draw."""

    is_there: Callable[[RunCurves], bool]
    draw: Callable[[Axes, RunCurves], None]


def draw_results(path: Path, curves: RunCurves, title: str) -> None:
    """Write the page of a training as PNG; it has a panel for all that it measured.

    Raises OutputError when it cannot be written.
    """
    rows = [[panel for panel in row if panel.is_there(curves)] for row in PANELS]
    rows = [row for row in rows if row]
    height = ROW_HEIGHT * len(rows) + TITLE_HEIGHT
    figure = new_figure(WIDTH, height, constrained=False)
    figure.suptitle(title, y=1 - 0.3 * TITLE_HEIGHT / height, va="center")
    top, bottom = 1 - (TITLE_HEIGHT + 0.3) / height, 0.5 / height
    room = {"left": 0.045, "right": 0.985, "top": top, "bottom": bottom}
    grid = figure.add_gridspec(len(rows), ACROSS, hspace=0.27, wspace=0.42, **room)
    for number, row in enumerate(rows):
        edges = _edges(len(row), wide=number == 0)
        for panel, start, end in zip(row, edges, edges[1:], strict=False):
            axes = figure.add_subplot(grid[number, start:end])
            panel.draw(axes, curves)
            axes.grid(alpha=0.3)
            axes.set_xlim(*_range(curves))
            axes.set(xlabel="iteration" if row is rows[-1] else "")
    save(figure, path)


def _edges(panels: int, wide: bool) -> list[int]:
    """Where panels of a row begin and end; wide: the first is as wide as two."""
    if wide and panels > 1:
        return [0, 4, ACROSS]
    return [round(ACROSS * number / panels) for number in range(panels + 1)]


def _range(curves: RunCurves) -> tuple[float, float]:
    """Left and right of all panels."""
    first, last = float(curves.iterations[0]), curves.last["iteration"]
    room = 0.015 * max(1.0, last - first)
    return first - room, last + room


def _loss(axes: Axes, curves: RunCurves) -> None:
    x, values = curves.iterations, curves.values
    low, high = values.span("loss")
    axes.fill_between(x, low, high, color=PLAIN, alpha=0.2, linewidth=0)
    axes.plot(x, values.mean("loss"), color=PLAIN, alpha=0.4, linewidth=1, label="each iteration")
    axes.plot(x, values.mean("avg_loss"), color=PLAIN, linewidth=2, label="average")
    columns = _head_columns(curves, "loss")
    heads = columns if len(columns) > 1 else {}
    averages = {column: moving_average(values.mean(column)) for column in heads}
    for column, losses in averages.items():
        label = f"average of {_head(column)}"
        axes.plot(x, losses, color=heads[column], linewidth=1, label=label)
    log_axis(axes, [low, high, *averages.values()], headroom=0.15)
    axes.set(title="loss")
    axes.legend(fontsize=8, loc="upper right", ncols=2 + len(heads))


def _measured(axes: Axes, curves: RunCurves) -> None:
    points = 100 * np.array(curves.measured)
    iterations, values = points[:, 0] / 100, points[:, 1]
    axes.plot(iterations, values, ".-", color=BEST, markersize=4)
    assert curves.best is not None
    at, best = curves.best
    axes.plot([at], [100 * best], "*", color=BEST, markersize=12)
    axes.set(title=f"{curves.metric}, %: best {100 * best:.2f} at {at:.0f}")
    room = max(1.0, 0.15 * (values.max() - values.min()))
    axes.set_ylim(max(0.0, values.min() - room), min(102.0, values.max() + room))


def _rate(axes: Axes, curves: RunCurves) -> None:
    axes.plot(curves.iterations, curves.values.mean("rate"), color=PLAIN)
    axes.set(title="learning rate")
    axes.set_ylim(bottom=0)
    axes.ticklabel_format(axis="y", scilimits=(-3, 3))


def _speed(axes: Axes, curves: RunCurves) -> None:
    axes.plot(curves.iterations, curves.speed, color=PLAIN)
    axes.set(title=f"{curves.things} a second")
    axes.set_ylim(bottom=0)


def _wait(axes: Axes, curves: RunCurves) -> None:
    axes.plot(curves.iterations, 100 * curves.wait_share, color=SECOND)
    axes.set(title="waiting for data, % of the time", ylim=(0, 102))


def _of_heads(column: str, title: str, share: bool = True) -> Panel:
    """A panel of one value of every head; share: it lies in 0..1."""

    def draw(axes: Axes, curves: RunCurves) -> None:
        _draw_heads(axes, curves, column)
        axes.set(title=title)
        axes.set_ylim(0, FULL if share else 1.15 * axes.get_ylim()[1])
        _name_heads(axes, curves, column)

    return Panel(lambda curves: bool(_head_columns(curves, column)), draw)


def _objectness(axes: Axes, curves: RunCurves) -> None:
    _draw_heads(axes, curves, "obj")
    _draw_heads(axes, curves, "no_obj", ":")
    axes.set(title="objectness at labels, of all cells dotted", ylim=(0, FULL))
    _name_heads(axes, curves, "obj")


def _draw_heads(axes: Axes, curves: RunCurves, column: str, style: str = "-") -> None:
    """The average of each head, over what it shows of each update."""
    for name, colour in _head_columns(curves, column).items():
        values = curves.values.mean(name)
        known = np.isfinite(values)
        # A head without boxes in an update says nothing of it: its line goes on over the gap.
        x, y = curves.iterations[known], values[known]
        if style == "-":
            axes.plot(x, y, color=colour, linewidth=0.7, alpha=0.25)
        average = moving_average(y)
        axes.plot(x, average, style, color=colour, linewidth=1.5, label=_head(name))


def moving_average(values: Floats) -> Floats:
    """Of K values as Darknet averages losses: .9 of the old and .1 of the new; nan changes nothing.

    That is over ten values of a short training, and over ten points of a long one.
    """
    averages = np.empty(len(values))
    now = np.nan
    for number, value in enumerate(values):
        if np.isfinite(value):
            now = KEPT * now + (1 - KEPT) * value if np.isfinite(now) else value
        averages[number] = now
    return averages


def _name_heads(axes: Axes, curves: RunCurves, column: str) -> None:
    if len(_head_columns(curves, column)) > 1:
        handles, labels = axes.get_legend_handles_labels()
        count = len(_head_columns(curves, column))
        axes.legend(handles[:count], labels[:count], fontsize=8, loc="best")


def _head_columns(curves: RunCurves, column: str) -> dict[str, str]:
    """The columns that have this value of heads, with each head's colour."""
    heads = list(dict.fromkeys(_head(name) for name in curves.heads))
    colours = {head: HEADS[number % len(HEADS)] for number, head in enumerate(heads)}
    return {name: colours[_head(name)] for name in curves.values.having(f"/{column}")}


def _head(column: str) -> str:
    return column.partition("/")[0]


def _timed(curves: RunCurves) -> bool:
    return bool(np.isfinite(curves.speed).any())


PANELS = (
    (
        Panel(lambda curves: "loss" in curves.values, _loss),
        Panel(lambda curves: bool(curves.measured), _measured),
    ),
    (
        _of_heads("iou", "IoU with labels"),
        Panel(lambda curves: bool(_head_columns(curves, "obj")), _objectness),
        _of_heads("class", "share of the right class"),
    ),
    (
        _of_heads("recall50", "labels with IoU above .5, share"),
        _of_heads(BOXES, "labels an iteration", share=False),
    ),
    (
        Panel(lambda curves: "rate" in curves.values, _rate),
        Panel(_timed, _speed),
        Panel(_timed, _wait),
    ),
)
"""The page, row by row; a panel with nothing to show is left out."""
