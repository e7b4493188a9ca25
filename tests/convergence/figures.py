"""What a training comes to: its curve of mAP and loss, and the numbers that are compared."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

HOME = Path(__file__).parent
C_FIGURES = HOME / "c_figures.json"
STEP, LAST = 10, 100
"""Iterations of one point of a stored loss curve, and those at the end that are compared."""


@dataclass(frozen=True)
class RunFigures:
    """map: % at IoU .5 by iteration. loss: means of STEP iterations each. last_loss, last_scatter:
    mean and standard deviation of the last LAST iterations."""

    map: dict[int, float]
    loss: list[float]
    last_loss: float
    last_scatter: float

    @staticmethod
    def of(losses: Sequence[float], maps: dict[int, float]) -> RunFigures:
        """losses: of every iteration from the first on. maps: shares of 1."""
        steps = [losses[start : start + STEP] for start in range(0, len(losses), STEP)]
        return RunFigures(
            {number: round(100 * value, 2) for number, value in maps.items()},
            [round(statistics.fmean(step), 3) for step in steps],
            round(statistics.fmean(losses[-LAST:]), 4),
            round(statistics.stdev(losses[-LAST:]), 4),
        )

    @staticmethod
    def read(values: dict) -> RunFigures:
        """Of JSON, whose keys are words."""
        return RunFigures(**{**values, "map": {int(n): v for n, v in values["map"].items()}})

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))


Figures = dict[str, list[RunFigures]]
"""The runs of each net, by its name."""


def read_figures(path: Path) -> Figures:
    nets = json.loads(path.read_text())
    nets.pop("note", None)
    return {net: [RunFigures.read(run) for run in runs] for net, runs in nets.items()}
