"""What a training from Python leaves: its files, its losses, how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from darknet_py.errors import WeightsError

if TYPE_CHECKING:
    from darknet_py.detect.detector import Detector


@dataclass(frozen=True, kw_only=True)
class TrainResult:
    """A training at its end, or where it was stopped.

    stopped: "end" of the schedule, "iterations" of this run, "callback", or the signal's name, such
    as "SIGINT". iterations: updates the weights have had, of `of`. losses: (N,) of the N updates of
    this run, as Darknet counts them; results: the table with a row for each update of all runs.
    average_loss: Darknet's moving average. map_history: (update, mAP in 0..1) of each evaluation of
    this run; best_map: of all runs, None before the first. final, best, last, ema: paths of the
    weights, None where this training has none. state: what `resume=True` goes on from. chart: the
    picture of the losses. cfg, names, size, fork: what `detector` needs beside the weights.
    """

    stopped: str
    iterations: int
    of: int
    average_loss: float | None
    best_map: float | None
    map_history: tuple[tuple[int, float], ...]
    final: Path | None
    best: Path | None
    last: Path | None
    ema: Path | None
    state: Path
    results: Path
    chart: Path
    cfg: str
    losses: NDArray[np.float64] = field(repr=False, compare=False)
    names: tuple[str, ...] = field(repr=False)
    size: tuple[int, int]
    fork: Any = field(repr=False, compare=False)

    @property
    def weights(self) -> Path | None:
        """The best weights there are: those of the best mAP, else the final or the last ones."""
        return self.best or self.final or self.last

    def detector(
        self,
        device: str = "cpu",
        precision: str = "fp32",
        *,
        engine: str = "torch",
        compiled: bool = False,
    ) -> Detector:
        """A detector with `weights`, which runs as `darknet_py.load` says.

        Raises WeightsError where no weights have been kept, and what `load` raises.
        """
        from darknet_py.detect.load_detector import load

        if self.weights is None:
            raise WeightsError(f"{self.cfg}: nothing has been trained yet, so there are no weights")
        width, height = self.size
        return load(
            self.cfg,
            self.weights,
            list(self.names),
            device,
            precision,
            self.fork,
            width=width,
            height=height,
            engine=engine,
            compiled=compiled,
        )
