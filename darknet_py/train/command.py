"""What the `train` words do on the command line: a training and its log on the screen."""

from __future__ import annotations

from darknet_py.options.training import TrainOptions
from darknet_py.signals import SIGNALLED
from darknet_py.train.logs.darknet_log import DarknetLog
from darknet_py.train.logs.darknet_start import StartFacts
from darknet_py.train.logs.progress_log import LiveLog, PlainLog, TrainingLog
from darknet_py.train.session import trained
from darknet_py.train.startup import ReadyTraining


def run(options: TrainOptions) -> int:
    """Train; returns the exit code: 0, or 128 + the number of the signal that stopped it."""
    _, stopped = trained(options, _report)
    return SIGNALLED + stopped if stopped else 0


def _report(options: TrainOptions, ready: ReadyTraining) -> TrainingLog:
    if options.as_darknet:
        return DarknetLog(_start_facts(options, ready))
    return PlainLog() if options.style == "plain" else LiveLog()


def _start_facts(options: TrainOptions, ready: ReadyTraining) -> StartFacts:
    trainer = ready.start.trainer
    return StartFacts(
        graph=trainer.network.graph,
        count=ready.count,
        kind=options.kind,
        gpus=trainer.updates_per_step,
        options=ready.data_options,
        save_policy=ready.save_policy,
        loaded=ready.start.loaded,
        metric=ready.metric.label if ready.metric else "",
        device=str(next(trainer.network.parameters()).device),
    )
