"""A training with a log that a Python function listens to, and what it leaves."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np

from darknet_py.cfg.names import names_of_data
from darknet_py.network.load import head_classes
from darknet_py.options.from_python import GivenTrainOptions
from darknet_py.train.logs.callback_log import Callback, CallbackLog
from darknet_py.train.loop import Loop
from darknet_py.train.session import trained
from darknet_py.train.train_result import TrainResult


def run_watched(options: GivenTrainOptions, callback: Callback | None) -> TrainResult:
    """Train; raises what `callback` raised when all is saved, and DarknetError."""
    log = CallbackLog(callback)
    loop, stopped = trained(options, lambda *_: log, (lambda: log.over) if callback else None)
    # Trainer and loop hold on to each other; without this they would wait for the collector.
    loop.trainer.watch = loop.trainer.watch_adversarial = None
    if log.failure:
        raise log.failure
    return _result(options, loop, log, stopped)


def _result(options: GivenTrainOptions, loop: Loop, log: CallbackLog, stopped: int) -> TrainResult:
    trainer, files, progress = loop.trainer, loop.writer.files, loop.progress
    net, graph = trainer.network.graph.net, trainer.network.graph
    kept = loop.shown is not None or options.resume
    final = bool(loop.of) and trainer.batch >= loop.of
    return TrainResult(
        stopped=_ending(options, loop, log, stopped),
        iterations=trainer.batch,
        of=loop.of,
        average_loss=progress.average_loss,
        best_map=progress.best_map if progress.best_map >= 0 else None,
        map_history=tuple(log.metrics),
        final=_there(files.final, final),
        best=_there(files.best, progress.best_map_at > 0),
        last=_there(files.last, kept),
        ema=_there(files.ema, kept and bool(loop.writer.average.averages)),
        state=files.state.absolute(),
        results=files.results(options.results).absolute(),
        chart=files.charts(options.chart)[0].absolute(),
        cfg=options.cfg,
        losses=np.array(log.losses, np.float64),
        names=tuple(names_of_data(options.given, head_classes(graph))),
        size=(net.width, net.height),
        fork=graph.fork,
    )


def _ending(options: GivenTrainOptions, loop: Loop, log: CallbackLog, stopped: int) -> str:
    if stopped:
        return signal.Signals(stopped).name
    if loop.of and loop.trainer.batch >= loop.of:
        return "end"
    return "iterations" if options.iterations and not log.ends else "callback"


def _there(path: Path, made: bool) -> Path | None:
    """The file, where this training or the one it goes on from has made it."""
    return path.absolute() if made and path.is_file() else None
