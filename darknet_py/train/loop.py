"""The training loop: batch, step, report, save, evaluate."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from darknet_py.data.loader import Batch
from darknet_py.errors import OutputError
from darknet_py.signals import StopSignal, child_signals_held
from darknet_py.train.batch_faults import BatchFaults, images_of
from darknet_py.train.checkpoint_writer import CheckpointWriter, Failures
from darknet_py.train.logs.head_metrics import HeadMeter
from darknet_py.train.logs.metric_loggers import MetricLogger, failures_of
from darknet_py.train.logs.progress_log import TrainingLog, Update
from darknet_py.train.loss_error import LossError, Losses
from darknet_py.train.periodic_metric import PeriodicMetric, measured
from darknet_py.train.state_facts import TrainingProgress
from darknet_py.train.step_clock import StepClock, last_update
from darknet_py.train.task import Task
from darknet_py.train.trainer import Trainer

logger = logging.getLogger(__name__)


@dataclass
class Loop:
    """A training from where `progress` says to max_batches, or until it is stopped.

    of: updates in all, 0: for ever. metric: keeps the weights it finds best. metric_loggers:
    none in all but the first process of a distributed training. limit: steps of this run, 0: no
    limit. intact: not in the middle of an update, when the weights may be anything. shown: the
    last update. heads: what they show of the update that is being made. unlogged: why the metrics
    could not be written the last time. unsaid: why the losses could not be. lost: what could not be
    written in the end.
    """

    trainer: Trainer
    task: Task
    writer: CheckpointWriter
    report: TrainingLog
    faults: BatchFaults
    of: int
    metric: PeriodicMetric | None = None
    metric_loggers: tuple[MetricLogger, ...] = ()
    progress: TrainingProgress = field(default_factory=TrainingProgress)
    limit: int = 0
    clock: StepClock = field(default_factory=StepClock)
    heads: HeadMeter = field(default_factory=HeadMeter)
    intact: bool = True
    shown: Update | None = None
    unlogged: str = ""
    unsaid: OSError | None = None
    lost: Failures = field(default_factory=list)
    end_asked: Callable[[], bool] | None = None

    def run(self) -> int:
        """Train; returns the number of the signal that stopped it, else 0.

        Whatever ends it, it is saved first. Raises OutputError where at the end weights or state
        cannot be written.
        """
        with StopSignal() as stop, self._saved_before_errors():
            self._catch_up()
            stopped = 0 if self._complete or self._unwanted else self._train(stop)
            self._end()
        if self.lost:
            raise self.lost[0]
        return stopped

    def _train(self, stop: StopSignal) -> int:
        self.trainer.watch = self._watch
        self.trainer.watch_adversarial = lambda rate: self._say(self.report.adversarial, rate)
        with contextlib.closing(self._batches()) as batches:
            for done, (batch, waited) in enumerate(batches, start=1):
                with child_signals_held():
                    self._one(batch, waited)
                stopped = self._received(stop)
                if self._complete:
                    return 0
                if stopped or done == self.limit or self._unwanted:
                    return stopped
        return 0

    def _watch(self, losses: Losses) -> None:
        self.heads.add(losses)
        self._say(self.report.heads, losses)

    def _one(self, batch: Batch, waited: float) -> None:
        """An update and all that follows it."""
        before = self.trainer.batch
        update = self._update(batch, waited)
        self._say(self.report.computed, update)
        self._note_failures(self.writer.numbered(before, self.trainer.batch))
        if self.evaluation_due:
            self._evaluated(update)
        else:
            # The row of an update is on the disk before the state that goes on after it.
            self._show(update)
            if self.writer.save_policy.keeps_last(before, self.trainer.batch):
                self._note_failures(self._kept())
        self._say_saved(*self.writer.due(before, self.trainer.batch))

    def _say(self, event: Callable[..., None], *facts: Any) -> None:
        """In the middle of an update, which a closed output must not break."""
        try:
            event(*facts)
        except OSError as failure:
            self.unsaid = failure

    def _say_saved(self, *paths: Path) -> None:
        """The log has Darknet's order, whenever it was that each file was written."""
        for path in filter(self.writer.wrote, paths):
            self._say(self.report.saved, path, path == self.writer.files.ema)

    def _catch_up(self) -> None:
        """What a run that was killed had still to do after its last update."""
        if self._best_now:
            self._note_failures(self.writer.best())
        if self.evaluation_due:
            self._evaluated(self._as_update())

    @contextlib.contextmanager
    def _saved_before_errors(self) -> Iterator[None]:
        first = self.trainer.batch
        try:
            yield
        except Exception as error:
            if self.trainer.batch > first and self.intact:
                self._save_for_error()
            if isinstance(error, OSError):
                raise OutputError(f"the log cannot be written: {error}") from None
            raise

    def _save_for_error(self) -> None:
        failures = self._kept()
        for failure in failures:
            logger.warning("%s", failure)
        if not failures and self.trainer.distributed.first:
            number, state = self.trainer.batch, self.writer.files.state
            logger.warning("saved at iteration %d; --resume continues from %s", number, state)

    @property
    def _complete(self) -> bool:
        return bool(self.of) and self.trainer.batch >= self.of

    @property
    def evaluation_due(self) -> bool:
        """Whether the weights as they are now are still to be measured."""
        now, last = self.trainer.batch, self.progress.last_map_at
        return bool(
            self.metric and now > last and (self.metric.is_due(now, last) or self._complete)
        )

    @property
    def _best_now(self) -> bool:
        return self.progress.best_map_at == self.trainer.batch > 0

    @property
    def _step(self) -> int:
        """Batches used so far: where updates_per_step is above 1 each counts as several updates."""
        return self.trainer.batch // self.trainer.updates_per_step

    def _batches(self) -> Generator[tuple[Batch, float], None, None]:
        source = self.task.batches(self._step + 1)
        try:
            while True:
                step = self._step + 1
                self._say(self.report.preparing, step, self.task.size_at(step))
                start = time.perf_counter()
                batch = next(source)
                yield batch, time.perf_counter() - start
        finally:
            source.close()

    def _update(self, batch: Batch, waited: float) -> Update:
        trainer, before = self.trainer, self.trainer.batch
        self.faults.tell(batch)
        self._say(self.report.loaded, waited)
        start = time.perf_counter()
        trainer.resize(*self.task.size_at(self._step + 1))
        parts = trainer.subdivisions
        self.intact = False
        loss = self._stepped(batch) / trainer.mini_batch
        deeds = self.writer.average.update(before, trainer.batch)
        self.progress = self.progress.learnt(loss, trainer.rate)
        self.intact = True
        self._say(self.report.averaged, deeds)
        seconds = time.perf_counter() - start
        self.clock.add(seconds, waited)
        if trainer.subdivisions != parts:
            parted = f"{trainer.taken}={trainer.subdivisions} x {trainer.mini_batch}"
            self.report.note(f"out of memory: subdivisions={trainer.subdivisions} now ({parted})")
        return self._as_update(seconds, waited)

    def _as_update(self, seconds: float = 0.0, waited: float = 0.0) -> Update:
        update = last_update(self.trainer, self.task, self.progress, self.clock, self.of)
        heads = self.heads.taken(self.trainer.network.graph)
        update = replace(update, seconds=seconds, waited=waited, heads=heads)
        if not self.metric:
            return update
        following = self.metric.next_at(self.progress.last_map_at)
        return replace(update, metric=self.metric.name, next_metric=following)

    def _stepped(self, batch: Batch) -> float:
        before = self.trainer.batch
        try:
            return self.trainer.step(batch.images, batch.truth)
        except LossError as error:
            # Not saved: weights with such a loss are worth less than those of the last state.
            raise LossError(f"{error}{images_of(self.task, self._step + 1)}") from None
        except Exception:
            # A step that is refused has not been counted, nor have the weights moved.
            self.intact = self.trainer.batch == before
            raise

    def _kept(self) -> Failures:
        """All that is to be on the disk after this update; what of it cannot be written.

        The state first: a run that is killed on the way is repaired from it, see `_catch_up`.
        """
        failures = self.writer.last(self.progress)
        if self._best_now:
            failures += self.writer.best()
        if self._complete:
            failures += self.writer.final()
        return failures

    def _note_failures(self, failures: Failures) -> None:
        for failure in failures:
            self.report.note(f"warning: {failure}; training goes on")

    def _evaluated(self, update: Update) -> None:
        """Measure, show, and keep what is best; the weights are on the disk before it begins."""
        self._note_failures(self._kept())
        old, now = self.progress, self.trainer.batch
        self.progress = replace(old, last_map_at=now)
        first = self.trainer.distributed.first
        if first and self.metric:
            value = measured(self.metric, self.trainer, self.report)
            if value is not None:
                self.progress = self.progress.measured(value, now)
                best = self.progress.best_map
                update = replace(update, map=value, best_map=best, evaluated=True)
        self._show(update)
        self._note_failures(self._kept())
        if self._best_now:
            self._say_saved(self.writer.files.best)
        if first and self._best_now and self.writer.best_of != now:
            # The file is still that of the one before.
            self.progress = replace(
                self.progress, best_map=old.best_map, best_map_at=old.best_map_at
            )

    def _show(self, update: Update) -> None:
        """The files first: the output may be closed."""
        self.shown = update
        failures = [
            failure for one in self.metric_loggers for failure in failures_of(one.add, update)
        ]
        message = str(failures[0]) if failures else ""
        if message and message != self.unlogged:
            self.report.note(f"warning: {message}; training goes on")
        self.unlogged = message
        if self.unsaid:
            raise self.unsaid
        self.report.update(update)

    def _received(self, stop: StopSignal) -> int:
        """The signal that any process got."""
        if self.trainer.distributed.world == 1:
            return stop.received
        flag = self.trainer.distributed.any(bool(stop.received), self._device)
        return stop.received or (15 if flag else 0)

    @property
    def _unwanted(self) -> bool:
        """Whether the end was asked for in any process."""
        if self.end_asked is None:
            return False
        return self.trainer.distributed.any(self.end_asked(), self._device)

    @property
    def _device(self) -> torch.device:
        return next(self.trainer.network.parameters()).device

    def _end(self) -> None:
        self.lost = self._kept() if self.shown else self.writer.final() if self._complete else []
        if self.shown:
            for one in self.metric_loggers:
                self.lost += failures_of(one.end, self.shown)
        self.report.end()
        self.faults.sum_up()
        if self.lost:
            return
        if self._complete:
            self._say_saved(self.writer.files.final)
            self.report.finished()
            self.report.remark(f"done: {self.writer.files.final}")
        else:
            number, state = self.trainer.batch, self.writer.files.state
            self.report.note(f"stopped at iteration {number}; --resume continues from {state}")
        if self.unsaid:
            raise self.unsaid
