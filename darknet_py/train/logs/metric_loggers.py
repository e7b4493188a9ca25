"""results.csv: one row an update; and the points of the chart."""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from darknet_py.errors import DarknetError
from darknet_py.files import append, encoded, replacing
from darknet_py.images.draw import save_image
from darknet_py.train.logs.loss_chart import Curves, Pixels, Points, draw
from darknet_py.train.logs.progress_log import IMAGES, Units, Update

CHART_EVERY = 100
"""Updates between two states of the chart."""


class MetricLogger(Protocol):
    """Where the metrics of a training go besides the screen."""

    def add(self, update: Update) -> None: ...

    def end(self, update: Update) -> None: ...


def _doubles() -> array[float]:
    return array("d")


@dataclass
class CsvLogger:
    """The file, and of each row only what the chart needs: two numbers.

    charts: files that all get the same chart. updates: of the whole training, 0: for ever. top:
    the loss at the chart's upper edge. metric: what -map or -topk measures. background: an older
    chart to draw on. drawn: the last update that is on the charts. unwritten: rows that the disk
    had no room for; they come with the next one.
    """

    path: Path
    charts: tuple[Path, ...]
    updates: int
    top: float
    units: Units = IMAGES
    metric: str = "mAP"
    background: Pixels | None = None
    drawn: int = 0
    losses: array[float] = field(default_factory=_doubles)
    maps: array[float] = field(default_factory=_doubles)
    unwritten: list[list[str]] = field(default_factory=list)

    def open(self, upto: int) -> None:
        """Start the file; with `upto` > 0 keep the rows of an earlier run up to that update.

        Raises OutputError when it cannot be written.
        """
        rows = [row for row in self._earlier() if int(row[0]) <= upto] if upto else []
        self.drawn = upto
        for row in rows:
            self._note(float(row[0]), float(row[3]), row[9])
        with replacing(self.path) as file:
            file.write(_as_csv([columns(self.units, self.metric), *rows]))

    def _earlier(self) -> Iterator[list[str]]:
        if not self.path.exists():
            return
        with self.path.open(newline="") as file:
            yield from (row for row in csv.reader(file) if _is_row(row))

    def _note(self, update: float, average: float, value: str) -> None:
        self.losses.extend((update, average))
        if value:
            self.maps.extend((update, float(value)))

    def add(self, u: Update) -> None:
        """Append a row, and draw the chart now and then. Raises OutputError."""
        value = f"{u.map:.6f}" if u.evaluated else ""
        size = [str(side) for side in u.size] if u.units.shows_size else ["", ""]
        row = [
            str(u.number),
            str(u.images),
            f"{u.loss:.6g}",
            f"{u.average:.6g}",
            f"{u.rate:.6g}",
            f"{u.seconds:.4f}",
            f"{u.waited:.4f}",
            *size,
            value,
        ]
        self._note(u.number, u.average, value)
        self.unwritten.append(row)
        self._write_rows()
        if u.evaluated or u.number // CHART_EVERY > self.drawn // CHART_EVERY:
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


def columns(units: Units = IMAGES, metric: str = "mAP") -> list[str]:
    """The first line of results.csv."""
    first = ["iteration", units.things, "loss", "avg_loss", "rate", "seconds", "data_wait"]
    return [*first, "width", "height", metric.lower()]


def _as_csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return encoded(text.getvalue())


def _points(values: array[float]) -> Points:
    return np.array(values, np.float64).reshape(-1, 2)


def _is_row(row: list[str]) -> bool:
    """A row that was written whole: a killed run may leave half of one."""
    try:
        return len(row) == len(columns()) and bool([float(value) for value in row if value])
    except ValueError:
        return False


@dataclass
class TensorBoardLogger:
    """The same metrics for TensorBoard."""

    writer: Any

    @staticmethod
    def open(folder: str) -> TensorBoardLogger:
        """Raises DarknetError when tensorboard is not installed."""
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            cure = "pip install tensorboard, or leave --tensorboard out"
            raise DarknetError(f"--tensorboard needs the package tensorboard; {cure}") from None
        return TensorBoardLogger(SummaryWriter(folder))

    def add(self, update: Update) -> None:
        metrics = {"loss": update.loss, "avg_loss": update.average, "rate": update.rate}
        if update.evaluated:
            metrics[update.metric.lower()] = update.map
        for name, value in metrics.items():
            self.writer.add_scalar(name, value, update.number)

    def end(self, update: Update) -> None:
        self.writer.flush()
