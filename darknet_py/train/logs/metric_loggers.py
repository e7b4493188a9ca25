"""Where the metrics of a training go: results.csv, with Darknet's chart."""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from darknet_py.errors import OutputError
from darknet_py.files import append, encoded, replacing
from darknet_py.images.draw import save_image
from darknet_py.train.logs.loss_chart import Curves, Pixels, Points, draw
from darknet_py.train.logs.progress_log import IMAGES, Units, Update
from darknet_py.train.logs.results_table import (
    AVERAGE,
    ITERATION,
    METRIC,
    columns,
    earlier_rows,
    row_of,
)

CHART_EVERY = 100
"""Updates between two states of the chart."""


class MetricLogger(Protocol):
    """Where the metrics of a training go besides the screen."""

    def add(self, update: Update) -> None: ...

    def end(self, update: Update) -> None: ...


def failures_of(log: Callable[[Update], None], update: Update) -> list[OutputError]:
    """Tell a logger of an update; a list of why it could not write it down, or an empty one."""
    try:
        log(update)
    except OutputError as failure:
        return [failure]
    return []


def is_chart_due(update: Update, drawn: int) -> bool:
    """Whether a picture of the training is due; drawn: the update that the last one ends with."""
    return update.evaluated or update.number // CHART_EVERY > drawn // CHART_EVERY


def _doubles() -> array[float]:
    return array("d")


@dataclass
class CsvLogger:
    """The file, and of each row only what the chart needs: two numbers.

    charts: files that all get the same chart. updates: of the whole training, 0: for ever. top:
    the loss at the chart's upper edge. metric: what -map or -topk measures. heads: columns of the
    heads. background: an older chart to draw on. drawn: the last update that is on the charts.
    unwritten: rows that the disk had no room for; they come with the next one.
    """

    path: Path
    charts: tuple[Path, ...]
    updates: int
    top: float
    units: Units = IMAGES
    metric: str = "mAP"
    heads: tuple[str, ...] = ()
    background: Pixels | None = None
    drawn: int = 0
    losses: array[float] = field(default_factory=_doubles)
    maps: array[float] = field(default_factory=_doubles)
    unwritten: list[list[str]] = field(default_factory=list)

    def open(self, upto: int) -> None:
        """Start the file; with `upto` > 0 keep the rows of an earlier run up to that update.

        Raises OutputError when it cannot be written.
        """
        self.drawn = upto
        with replacing(self.path) as file:
            file.write(_as_csv([columns(self.units, self.metric, self.heads)]))
            for row in earlier_rows(self.path, self.heads, upto) if upto else ():
                self._note(float(row[ITERATION]), float(row[AVERAGE]), row[METRIC])
                file.write(_as_csv([row]))

    def _note(self, update: float, average: float, value: str) -> None:
        self.losses.extend((update, average))
        if value:
            self.maps.extend((update, float(value)))

    def add(self, u: Update) -> None:
        """Append a row, and draw the chart now and then. Raises OutputError."""
        row = row_of(u, self.heads)
        self._note(u.number, u.average, row[METRIC])
        self.unwritten.append(row)
        self._write_rows()
        if is_chart_due(u, self.drawn):
            self._draw(u)

    def end(self, u: Update) -> None:
        """Write what is left, and the chart as it is now. Raises OutputError."""
        self._write_rows()
        self._draw(u)

    def _write_rows(self) -> None:
        if self.unwritten:
            append(self.path, _as_csv(self.unwritten))
            self.unwritten.clear()

    def _draw(self, u: Update) -> None:
        losses, maps = _points(self.losses), _points(self.maps)
        curves = Curves(losses, maps, self.updates, self.top, self.metric, self.background)
        footer = f"current avg loss = {u.average:.4f}    iteration = {u.number}"
        if self.updates:
            footer += f"    approx. time left = {u.hours_left:.2f} hours"
        pixels = draw(curves, footer)
        for path in self.charts:
            save_image(path, pixels)
        self.drawn = u.number


def _as_csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return encoded(text.getvalue())


def _points(values: array[float]) -> Points:
    return np.array(values, np.float64).reshape(-1, 2)
