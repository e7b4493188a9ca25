"""A training of any kind from its options to its loop, whoever watches it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.distributed as dist

from darknet_py.data.bad_lists import BadLists
from darknet_py.data.loader import worker_failures
from darknet_py.distributed.context import DistributedContext
from darknet_py.distributed.list_share import started_in_a_group
from darknet_py.distributed.process_group import joined, on_own_gpu
from darknet_py.engines.devices import checked_device
from darknet_py.network.graph import Graph
from darknet_py.network.not_trained import not_trained_here
from darknet_py.network.sequence_parts import sequence_notices
from darknet_py.options.training import TrainOptions
from darknet_py.train.batch_faults import BatchFaults
from darknet_py.train.checkpoint_writer import CheckpointWriter
from darknet_py.train.logs.progress_log import TrainingLog
from darknet_py.train.loop import Loop
from darknet_py.train.opened_loggers import open_loggers
from darknet_py.train.startup import ReadyTraining
from darknet_py.train.tasks.cifar_task import open_cifar
from darknet_py.train.tasks.classifier_task import open_classifier
from darknet_py.train.tasks.detection_task import open_detection
from darknet_py.train.tasks.go_task import open_go
from darknet_py.train.tasks.regressor_task import open_regressor
from darknet_py.train.tasks.segmenter_task import open_instance_training, open_segmenter_training
from darknet_py.train.tasks.text_task import open_text
from darknet_py.train.tasks.yolo_task import open_yolo
from darknet_py.train.trainer import Trainer

KINDS: dict[str, Callable[[Any, DistributedContext, torch.device], ReadyTraining]] = {
    "detector": open_detection,
    "classifier": open_classifier,
    "rnn": open_text,
    "segmenter": open_segmenter_training,
    "isegmenter": open_instance_training,
    "regressor": open_regressor,
    "go": open_go,
    "yolo": open_yolo,
    "cifar": open_cifar,
}
"""The kinds of training, and what opens them."""


ReportOf = Callable[[TrainOptions, ReadyTraining], TrainingLog]


def trained(
    options: TrainOptions,
    report_of: ReportOf,
    end_asked: Callable[[], bool] | None = None,
) -> tuple[Loop, int]:
    """Train; returns the loop at its end, and the number of the signal that stopped it, else 0.

    report_of: makes the log of the first process; in the others it is silent. end_asked: see Loop.
    """
    with _process_group(options) as (distributed, device):
        ready = KINDS[options.kind](options, distributed, device)
        report = report_of(options, ready) if distributed.first else TrainingLog()
        loop = _loop(options, ready, report)
        loop.end_asked = end_asked
        # torch raises this from a signal handler, wherever the training is at that moment.
        with worker_failures():
            stopped = loop.run()
        distributed.end_together()
    return loop, stopped


@contextlib.contextmanager
def _process_group(options: TrainOptions) -> Iterator[tuple[DistributedContext, torch.device]]:
    """This process in the group that torchrun started, or alone."""
    if dist.is_available() and dist.is_initialized():  # by whoever calls from Python
        here = DistributedContext.here()
        yield here, _current_device(on_own_gpu(options))
        return
    if not started_in_a_group():
        yield DistributedContext(), _current_device(options)
        return
    device = _current_device(on_own_gpu(options))
    with joined("nccl" if device.type == "cuda" else "gloo") as context:
        yield context, device


def _current_device(options: TrainOptions) -> torch.device:
    """The chosen one; of CUDA devices torch takes it from now on where none is named.

    Pinned memory and NCCL would else take hundreds of megabytes of the first device in every
    process.
    """
    device = checked_device(options.chosen_device)
    if device.type == "cuda":
        torch.cuda.set_device(device)
    return device


def _loop(options: TrainOptions, ready: ReadyTraining, report: TrainingLog) -> Loop:
    start, trainer = ready.start, ready.start.trainer
    graph = trainer.network.graph
    report.start([*_facts(options, ready), *start.notes, *_warnings(graph), *ready.warnings])
    loop = Loop(
        trainer=trainer,
        task=ready.task,
        writer=CheckpointWriter(trainer, start.files, ready.save_policy, start.average),
        report=report,
        faults=BatchFaults(report, BadLists(graph.fork.log.bad_lists)),
        of=graph.net.max_batches,
        metric=ready.metric,
        progress=start.progress,
        limit=options.iterations,
    )
    if trainer.distributed.first:
        # An update whose evaluation is still to be made gets its row then.
        upto = trainer.batch - loop.evaluation_due
        loop.metric_loggers = open_loggers(options, ready, upto, report.note)
    return loop


def _facts(options: TrainOptions, ready: ReadyTraining) -> list[str]:
    trainer = ready.start.trainer
    net, distributed = trainer.network.graph.net, trainer.distributed
    processes = f" x {distributed.world} processes" if distributed.world > 1 else ""
    files = ready.start.files
    words = (
        *ready.facts,
        f"batch {net.batch}/{net.subdivisions}{processes}",
        _iterations(trainer),
        f"{next(trainer.network.parameters()).device} {trainer.precision}",
        f"seed {trainer.seed}",
        f"chart {files.charts(options.chart)[0]}",
        f"results {files.results(options.results)}",
        f"fork {trainer.network.graph.fork.name}",
    )
    return [f"{options.cfg}: {', '.join(words)}", *_instead(options)]


def _iterations(trainer: Trainer) -> str:
    of = trainer.network.graph.net.max_batches
    return f"{of or 'endless'} iterations from {trainer.batch}"


def _instead(options: TrainOptions) -> Iterator[str]:
    """What of [net] the command line has changed."""
    given = [f"{key}={value}" for key, value in options.net_values.items() if value is not None]
    if given:
        yield f"{options.cfg}: {' '.join(given)} by option instead of the cfg's"


def _warnings(graph: Graph) -> Iterator[str]:
    """What the cfg asks for and no training here does, or none anywhere."""
    yield from (str(notice) for notice in graph.notices if notice.level == "warning")
    yield from map(str, (*not_trained_here(graph), *sequence_notices(graph)))
