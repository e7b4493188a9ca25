"""How good a network is, measured while it is trained: nothing of that can end the training."""

from __future__ import annotations

import math
from typing import Protocol

from darknet_py.errors import DarknetError
from darknet_py.train.logs.progress_log import TrainingLog
from darknet_py.train.trainer import Trainer


class PeriodicMetric(Protocol):
    """How good the network is, now and then: -map, -topk."""

    @property
    def name(self) -> str:
        """The word for what it tells, such as mAP."""

    @property
    def label(self) -> str:
        """What Darknet calls it in its log, such as mAP@0.50."""

    def next_at(self, last: int) -> int:
        """The update to measure after; last: where it was done before, or began."""

    def is_due(self, update: int, last: int) -> bool:
        """Whether to measure after this update."""

    def evaluate(self, trainer: Trainer, report: TrainingLog) -> float:
        """How good the network is, in 0..1. Raises where nothing can be measured."""


def measured(metric: PeriodicMetric, trainer: Trainer, report: TrainingLog) -> float | None:
    """The metric now; None where it cannot be told, which the log has the reason of.

    Whatever an evaluation raises, memory that is too small for it included, is no reason to lose
    the training: only what asks the whole program to end is passed on.
    """
    try:
        value = metric.evaluate(trainer, report)
    except Exception as error:  # noqa: BLE001 - said, and training goes on
        report.note(f"warning: {metric.name} could not be measured: {_line(error)}")
        return None
    if not math.isfinite(value):
        report.note(f"warning: {metric.name} is {value}, which counts as not measured")
        return None
    return value


def _line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, DarknetError) else f"{type(error).__name__}: {text}"
