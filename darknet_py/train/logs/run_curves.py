"""The curves of one training, thinned so that a long one takes no more memory than a short one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from darknet_py.train.logs.progress_log import Update
from darknet_py.train.logs.results_table import METRIC, THINGS, read_results
from darknet_py.train.logs.thinned_table import MOST_ROWS, Floats, ThinnedTable

SHOWN = ("iteration", "loss", "avg_loss", "rate")
TIMED, SECONDS, WAITED = "timed", "seconds", "data_wait"
"""Images of the updates whose time is known, what they took and what of it was waiting."""


@dataclass
class RunCurves:
    """columns: of its results.csv. values: the thinned rows. measured: iteration and -map's value
    in 0..1, each as measured. last: the last row.
    """

    columns: Sequence[str]
    most: int = MOST_ROWS
    values: ThinnedTable = field(init=False)
    measured: list[tuple[float, float]] = field(default_factory=list)
    last: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = (*SHOWN, TIMED, SECONDS, WAITED, *self.heads)
        self.values = ThinnedTable(names, self.most)

    @staticmethod
    def read(path: Path, most: int = MOST_ROWS) -> RunCurves:
        """The curves in a results.csv; raises DataError for a file that is none."""
        columns, rows = read_results(path)
        curves = RunCurves(columns, most)
        for row in rows:
            curves.add(row)
        return curves

    @property
    def heads(self) -> Sequence[str]:
        return self.columns[METRIC + 1 :]

    @property
    def things(self) -> str:
        """What is counted, such as images."""
        return self.columns[THINGS]

    @property
    def metric(self) -> str:
        """What -map or -topk measures, as it is written."""
        name = self.columns[METRIC]
        return "mAP" if name == "map" else name

    @property
    def best(self) -> tuple[float, float] | None:
        """Iteration and value of the best that was measured, the first of equal ones."""
        return max(self.measured, key=lambda point: point[1]) if self.measured else None

    @property
    def iterations(self) -> Floats:
        """(rows,) the middle of those that each row stands for."""
        return self.values.mean("iteration")

    def add(self, row: Mapping[str, float]) -> None:
        """A row of results.csv by column, without what is empty in it."""
        counted = row[self.things] - self.last.get(self.things, 0.0)
        # How many one counts for is not known of the first row of a run that goes on.
        known = self.last or row["iteration"] == 1
        timed = row.get(SECONDS, 0.0) > 0 and known
        own = {TIMED: counted} if timed else {SECONDS: np.nan, WAITED: np.nan}
        self.values.add({**row, **own})
        self.last = {name: row[name] for name in (*SHOWN, self.things) if name in row}
        metric = self.columns[METRIC]
        if metric in row:
            self.measured.append((row["iteration"], row[metric]))

    def add_update(self, update: Update) -> None:
        """The same of an update that has just been made."""
        row = {
            "iteration": update.number,
            self.things: update.images,
            "loss": update.loss,
            "avg_loss": update.average,
            "rate": update.rate,
            SECONDS: update.seconds,
            WAITED: update.waited,
            **update.heads,
        }
        self.add({**row, self.columns[METRIC]: update.map} if update.evaluated else row)

    @property
    def speed(self) -> Floats:
        """(rows,) things a second, waiting included; nan where no time is known."""
        return self._share(self.values.total(TIMED), self._busy)

    @property
    def wait_share(self) -> Floats:
        """(rows,) the share of the time in which data was waited for, in 0..1."""
        return self._share(self.values.total(WAITED), self._busy)

    @property
    def _busy(self) -> Floats:
        return self.values.total(SECONDS) + self.values.total(WAITED)

    @staticmethod
    def _share(part: Floats, whole: Floats) -> Floats:
        return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), np.nan)

    @property
    def hours(self) -> float:
        """Of updates and waiting; what was measured in between is not in it."""
        return float(self._busy.sum()) / 3600

    @property
    def mean_speed(self) -> float:
        """Things a second over the whole run, 0 where no time is known."""
        whole = self._busy.sum()
        return float(self.values.total(TIMED).sum() / whole) if whole > 0 else 0.0
