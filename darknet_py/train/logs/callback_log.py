"""A training that is watched from Python: a function is told of each update, nothing is printed."""

from __future__ import annotations

import logging
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from darknet_py.train.logs.progress_log import TrainingLog, Update

logger = logging.getLogger(__name__)
WARNING = "warning: "
"""What a line of a log begins with that is one."""
Callback = Callable[[Update], object]


@dataclass
class CallbackLog(TrainingLog):
    """Calls `callback` after every update, and keeps what was learnt of each.

    ends: the function has asked for the end, by False or StopIteration. failure: what else it
    raised, which ends the training as well. losses: of the updates of this run. metrics: update and
    value, in 0..1, of what was measured.
    """

    callback: Callback | None = None
    ends: bool = False
    failure: Exception | None = None
    losses: array[float] = field(default_factory=lambda: array("d"))
    metrics: list[tuple[int, float]] = field(default_factory=list)

    @property
    def over(self) -> bool:
        """Whether the training is to end."""
        return self.ends or self.failure is not None

    def start(self, lines: list[str]) -> None:
        for line in lines:
            self.note(line)

    def computed(self, update: Update) -> None:
        self.losses.append(update.loss)

    def update(self, update: Update) -> None:
        if update.evaluated:
            self.metrics.append((update.number, update.map))
        if self.callback is None or self.over:
            return
        try:
            answer = self.callback(update)
        except StopIteration:
            self.ends = True
        except Exception as failure:  # noqa: BLE001 - raised again when all is saved
            self.failure = failure
        else:
            self.ends = isinstance(answer, (bool, np.bool_)) and not answer

    def note(self, line: str) -> None:
        level = logging.WARNING if line.startswith(WARNING) else logging.INFO
        logger.log(level, "%s", line.removeprefix(WARNING))

    remark = note
