"""The training loop: batch, step, report, save, evaluate."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import torch

from darknet_py.data.loader import Batch
from darknet_py.train.checkpoint import CheckpointFiles, SavePolicy, TrainingProgress, save_state
from darknet_py.train.ema import WeightAverage
from darknet_py.train.logs.metric_loggers import MetricLogger
from darknet_py.train.logs.progress_log import KEPT, TrainingLog, Units, Update
from darknet_py.train.signals import StopSignal
from darknet_py.train.trainer import LossError, Trainer

CLOCK_KEPT = 0.95
MOST_NAMED = 16


class Task(Protocol):
    """What is trained: where batches come from."""

    @property
    def units(self) -> Units:
        """What the batches are made of."""

    def batches(self, first: int) -> Generator[Batch, None, None]:
        """Batches from the first-th on, counted from 1."""

    def size_at(self, step: int) -> tuple[int, int]:
        """Width and height of the input at a step, counted from 1."""

    def drawn(self, step: int) -> list[str]:
        """The images of a step's batch, if it is made of images."""


class PeriodicMetric(Protocol):
    """How good the network is, now and then: -map, -topk."""

    @property
    def name(self) -> str:
        """The word for what it tells, such as mAP."""

    def is_due(self, update: int, last: int) -> bool:
        """Whether to measure after this update; last: where it was done before, or began."""

    def evaluate(self, trainer: Trainer, report: TrainingLog) -> float:
        """How good the network is, in 0..1."""


@dataclass
class _Clock:
    """Seconds an update takes, and of those waiting for data, as moving averages."""

    seconds: float = 0.0
    waited: float = 0.0

    def add(self, seconds: float, waited: float) -> None:
        kept = CLOCK_KEPT if self.seconds else 0.0
        self.seconds = kept * self.seconds + (1 - kept) * (seconds + waited)
        self.waited = kept * self.waited + (1 - kept) * waited


@dataclass
class Loop:
    """A training from where `progress` says to max_batches, or until it is stopped.

    of: updates in all, 0: for ever. metric: keeps the weights it finds best. metric_loggers:
    none in all but the first process of a distributed training. limit: steps of this run, 0: no
    limit.
    """

    trainer: Trainer
    task: Task
    files: CheckpointFiles
    save_policy: SavePolicy
    report: TrainingLog
    average: WeightAverage
    of: int
    metric: PeriodicMetric | None = None
    metric_loggers: tuple[MetricLogger, ...] = ()
    progress: TrainingProgress = field(default_factory=TrainingProgress)
    limit: int = 0
    clock: _Clock = field(default_factory=_Clock)
    unreadable: set[str] = field(default_factory=set)

    def run(self) -> int:
        """Train; returns the number of the signal that stopped it, else 0."""
        with StopSignal() as stop, contextlib.closing(self._batches()) as batches:
            for done, (batch, waited) in enumerate(batches, start=1):
                if done == 1:
                    self._start()
                before = self.trainer.batch
                update = self._update(batch, waited)
                self._save(before)
                update = self._evaluated(update)
                self._show(update)
                stopped = self._received(stop)
                if self._complete or stopped or done == self.limit:
                    self._end(update)
                    return 0 if self._complete else stopped
        return 0

    @property
    def _complete(self) -> bool:
        return bool(self.of) and self.trainer.batch >= self.of

    @property
    def _step(self) -> int:
        """Batches used so far: where updates_per_step is above 1 each counts as several updates."""
        return self.trainer.batch // self.trainer.updates_per_step

    def _start(self) -> None:
        self.trainer.watch = self.report.heads

    def _batches(self) -> Generator[tuple[Batch, float], None, None]:
        source = self.task.batches(self._step + 1)
        try:
            while True:
                start = time.perf_counter()
                batch = next(source)
                yield batch, time.perf_counter() - start
        finally:
            source.close()

    def _update(self, batch: Batch, waited: float) -> Update:
        trainer, before = self.trainer, self.trainer.batch
        self._name_unreadable(batch)
        start = time.perf_counter()
        size = self.task.size_at(self._step + 1)
        trainer.resize(*size)
        parts = trainer.subdivisions
        try:
            loss = trainer.step(batch.images, batch.truth) / trainer.mini_batch
        except LossError as error:
            raise LossError(f"{error}{self._bad_batch_images()}") from None
        if trainer.subdivisions != parts:
            parted = f"{trainer.images}={trainer.subdivisions} x {trainer.mini_batch}"
            self.report.note(f"out of memory: subdivisions={trainer.subdivisions} now ({parted})")
        self.average.update(before, trainer.batch)
        seconds = time.perf_counter() - start
        self.clock.add(seconds, waited)
        old = self.progress.average_loss
        average = KEPT * (loss if old is None else old) + (1 - KEPT) * loss
        self.progress = replace(self.progress, average_loss=average)
        steps_left = max(0, self.of - trainer.batch) / trainer.updates_per_step
        return Update(
            number=trainer.batch,
            of=self.of,
            images=trainer.batch * trainer.images,
            loss=loss,
            average=average,
            rate=trainer.rate,
            seconds=seconds,
            waited=waited,
            hours_left=steps_left * self.clock.seconds / 3600,
            speed=trainer.images * trainer.distributed.world / self.clock.seconds,
            wait_share=self.clock.waited / self.clock.seconds,
            size=size,
            units=self.task.units,
            metric=self.metric.name if self.metric else "mAP",
            map=self.progress.last_map,
            best_map=self.progress.best_map,
        )

    def _bad_batch_images(self) -> str:
        paths = list(dict.fromkeys(self.task.drawn(self._step + 1)))
        if not paths:
            return ""
        more = f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else ""
        return f"; the images of the batch: {', '.join(paths[:MOST_NAMED])}{more}"

    def _name_unreadable(self, batch: Batch) -> None:
        for line in batch.unreadable:
            if line not in self.unreadable:
                self.unreadable.add(line)
                count = len(self.unreadable)
                self.report.note(f"left out, another image is drawn: {line} ({count} so far)")

    def _save(self, before: int) -> None:
        now = self.trainer.batch
        number = self.save_policy.number(before, now)
        if number is not None:
            self._write(self.files.named(str(number)))
        if self.save_policy.keeps_last(before, now):
            self._save_last()

    def _write(self, path: Path) -> None:
        if self.trainer.distributed.first:
            self.trainer.network.save_weights(path)

    def _save_last(self) -> None:
        if not self.trainer.distributed.first:
            return
        save_state(self.files.state, self.trainer, self.average, self.progress)
        self.trainer.network.save_weights(self.files.last)
        if self.average.averages:
            with self.average.in_place():
                self.trainer.network.save_weights(self.files.named("ema"))

    def _evaluated(self, update: Update) -> Update:
        progress, now, metric = self.progress, self.trainer.batch, self.metric
        if not metric or not (metric.is_due(now, progress.last_map_at) or self._complete):
            return update
        value = 0.0
        if self.trainer.distributed.first:
            value = metric.evaluate(self.trainer, self.report)
            if value >= progress.best_map:
                self._write(self.files.named("best"))
        best = max(value, progress.best_map)
        self.progress = replace(progress, last_map=value, best_map=best, last_map_at=now)
        return replace(update, map=value, best_map=best, evaluated=True)

    def _show(self, update: Update) -> None:
        self.report.update(update)
        for logger in self.metric_loggers:
            logger.add(update)

    def _received(self, stop: StopSignal) -> int:
        """The signal that any process got."""
        if self.trainer.distributed.world == 1:
            return stop.received
        flag = self.trainer.distributed.any(bool(stop.received), self._device)
        return stop.received or (15 if flag else 0)

    @property
    def _device(self) -> torch.device:
        return next(self.trainer.network.parameters()).device

    def _end(self, update: Update) -> None:
        self._save_last()
        for logger in self.metric_loggers:
            logger.end(update)
        self.report.end()
        if self._complete:
            self._write(self.files.final)
            self.report.note(f"done: {self.files.final}")
        else:
            state = self.files.state
            self.report.note(
                f"stopped at iteration {update.number}; --resume continues from {state}"
            )
