"""Writes what a training keeps, the state first: whenever it is killed, nothing of it is lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from darknet_py.errors import OutputError
from darknet_py.train.checkpoint import CheckpointFiles, SavePolicy
from darknet_py.train.elastic import job_name
from darknet_py.train.ema import WeightAverage
from darknet_py.train.state_facts import TrainingProgress
from darknet_py.train.trainer import Trainer
from darknet_py.train.training_state import save_state

Failures = list[OutputError]


@dataclass
class CheckpointWriter:
    """What is written when, by the first process alone.

    What cannot be written is given back, and the rest is written all the same: the disk may have
    room for it, or again the next time. state_of: what the last state on the disk holds, an update
    and the progress; weights_of, best_of, final_of: the updates of those weights there.
    weights_files: the update of what each file holds that this run has written.
    """

    trainer: Trainer
    files: CheckpointFiles
    save_policy: SavePolicy
    average: WeightAverage
    state_of: tuple[int, TrainingProgress] | None = None
    weights_of: int | None = None
    best_of: int | None = None
    final_of: int | None = None
    weights_files: dict[Path, int] = field(default_factory=dict)

    def numbered(self, before: int, now: int) -> Failures:
        """The weights under their number, where the updates up to `now` have reached one."""
        return self._all([partial(self._save, path) for path in self._under_numbers(before, now)])

    def _under_numbers(self, before: int, now: int) -> list[Path]:
        number, copy = self.save_policy.number(before, now), self.save_policy.copy(before, now)
        paths = [] if number is None else [self.files.named(str(number))]
        return paths + ([] if copy is None else [self.files.copy(copy)])

    def last(self, progress: TrainingProgress) -> Failures:
        """The state, which has the weights as well, then the weights; neither of them twice."""
        failures = self.state(progress)
        if self.weights_of == self.trainer.batch:
            return failures
        averages = [self._averages] if self.average.averages else []
        return failures + self._all([*averages, self._last_weights])

    def state(self, progress: TrainingProgress) -> Failures:
        if self.state_of == (self.trainer.batch, progress):
            return []
        return self._all([lambda: self._state(progress)])

    def best(self) -> Failures:
        return [] if self.best_of == self.trainer.batch else self._all([self._best])

    def final(self) -> Failures:
        return [] if self.final_of == self.trainer.batch else self._all([self._final])

    def due(self, before: int, now: int) -> list[Path]:
        """The files that Darknet would write after the updates up to `now`, in its order."""
        policy, numbered = self.save_policy, self._under_numbers(before, now)
        last = [self.files.last] if policy.keeps_last(before, now) else []
        if last and self.average.averages:
            last.append(self.files.ema)
        return last + numbered if policy.last_first else numbered + last

    def wrote(self, path: Path) -> bool:
        """Whether this run has written the weights of the present update to the file."""
        return self.weights_files.get(path) == self.trainer.batch

    def _all(self, writes: Sequence[Callable[[], object]]) -> Failures:
        if not self.trainer.distributed.first:
            return []
        failures: Failures = []
        for write in writes:
            try:
                # Somebody may have removed it since.
                self.files.make_folder()
                write()
            except OutputError as failure:
                failures.append(failure)
        return failures

    def _state(self, progress: TrainingProgress) -> None:
        save_state(self.files.state, self.trainer, self.average, progress, job_name())
        self.state_of = self.trainer.batch, progress

    def _save(self, path: Path) -> None:
        self.trainer.network.save_weights(path)
        self.weights_files[path] = self.trainer.batch

    def _last_weights(self) -> None:
        self._save(self.files.last)
        self.weights_of = self.trainer.batch

    def _best(self) -> None:
        self._save(self.files.best)
        self.best_of = self.trainer.batch

    def _final(self) -> None:
        self._save(self.files.final)
        self.final_of = self.trainer.batch

    def _averages(self) -> None:
        with self.average.in_place():
            self._save(self.files.ema)
