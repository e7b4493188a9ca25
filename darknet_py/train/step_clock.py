"""How long a training's updates take, and what there is to tell about one."""

from __future__ import annotations

from dataclasses import dataclass

from darknet_py.train.logs.progress_log import Update
from darknet_py.train.state_facts import TrainingProgress
from darknet_py.train.task import Task
from darknet_py.train.trainer import Trainer

CLOCK_KEPT = 0.95


@dataclass
class StepClock:
    """Seconds an update takes, and of those waiting for data, as moving averages."""

    seconds: float = 0.0
    waited: float = 0.0

    def add(self, seconds: float, waited: float) -> None:
        kept = CLOCK_KEPT if self.seconds else 0.0
        self.seconds = kept * self.seconds + (1 - kept) * (seconds + waited)
        self.waited = kept * self.waited + (1 - kept) * waited


def last_update(
    trainer: Trainer, task: Task, progress: TrainingProgress, clock: StepClock, of: int
) -> Update:
    """The update that `progress` ends with; of: how many there are in all, 0: for ever."""
    steps_left = max(0, of - trainer.batch) / trainer.updates_per_step
    # Nothing is known of it after a start from a state.
    frequency = 1 / clock.seconds if clock.seconds else 0.0
    return Update(
        number=trainer.batch,
        of=of,
        images=trainer.batch * trainer.taken,
        loss=progress.loss or 0.0,
        average=progress.average_loss or 0.0,
        rate=progress.rate,
        seconds=0.0,
        waited=0.0,
        hours_left=steps_left * clock.seconds / 3600,
        speed=trainer.taken * trainer.distributed.world * frequency,
        wait_share=clock.waited * frequency,
        size=task.size_at(max(1, trainer.batch // trainer.updates_per_step)),
        units=task.units,
        map=progress.last_map,
        best_map=progress.best_map,
    )
