"""`train`: from the words of the command line to a running loop."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed as dist

from darknet_py import layout
from darknet_py.cfg.datafile import DataFile, read_data_file
from darknet_py.data.detection import DetectionSet
from darknet_py.data.loader import Plan
from darknet_py.data.recipe import Recipe
from darknet_py.detect.detector import checked_device
from darknet_py.detect.device import chosen_device
from darknet_py.errors import DarknetError
from darknet_py.graph import Graph, read_graph
from darknet_py.network import Network
from darknet_py.opening import head_classes
from darknet_py.train.average import WeightAverage
from darknet_py.train.checkpoint import Cadence, Files, Progress, load_state
from darknet_py.train.darknet_log import DarknetLog
from darknet_py.train.detection_task import DetectionTask, evaluation_of, listed
from darknet_py.train.loop import Loop, Task
from darknet_py.train.processes import Team
from darknet_py.train.report import LiveLog, PlainLog, Report, Silent
from darknet_py.train.results import Board, Results, Sink
from darknet_py.train.sizes import Sizes
from darknet_py.train.trainer import Trainer

SMALL_BATCH = 8
MOST_WORKERS = 8
PART = 16
"""Most pictures a worker process makes before it hands them over."""
PATIENCE = timedelta(hours=6)
"""How long other processes wait while the first one evaluates."""
NOT_DONE = {
    "adversarial_lr": "self-adversarial training is not done here",
    "attention": "it belongs to self-adversarial training, which is not done here",
    "badlabels_rejection_percentage": "deltas are never left out here",
    "contrastive": "contrastive training is not done here",
    "dynamic_minibatch": "the batch stays as it is",
    "equidistant_point": "deltas are never left out here",
    "num_sigmas_reject_badlabels": "deltas are never left out here",
    "sequential_subdivisions": "pictures are not taken in sequence here",
    "track": "pictures are not taken in sequence here",
    "try_fix_nan": "a loss that is no number stops the training",
    "unsupervised": "contrastive training is not done here",
    "weights_reject_freq": "filters are never started again here",
}
"""Options of [net] that change AlexeyAB's training and not this one."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """The options of `train`."""

    data: str
    cfg: str
    weights: str | None = None
    fork: str = "alexeyab"
    clear: bool = False
    resume: bool = False
    evaluates: bool = False
    epochs: int = 4
    thresh: float = 0.25
    iou_thresh: float = 0.5
    seed: int = 0
    device: str | None = None
    gpu: int | None = None
    nogpu: bool = False
    precision: str = "fp32"
    compiled: bool = False
    synced: bool = False
    workers: int | None = None
    cache: bool = False
    log_style: str = "auto"
    chart: str = "chart.png"
    results: str = "results.csv"
    tensorboard: str | None = None
    iterations: int = 0


def run(job: Job) -> int:
    """Train; returns the exit code: 0, or 128 + the number of the signal that stopped it."""
    with _together(job) as (team, device):
        loop = _detection(job, team, device)
        stopped = loop.run()
    return 128 + stopped if stopped else 0


@contextlib.contextmanager
def _together(job: Job) -> Iterator[tuple[Team, torch.device]]:
    """This process in the group that torchrun started, or alone."""
    if "WORLD_SIZE" not in os.environ:
        yield Team(), checked_device(chosen_device(job.device, job.gpu, job.nogpu))
        return
    local = int(os.environ.get("LOCAL_RANK", "0"))
    device = checked_device(chosen_device(job.device, local, job.nogpu))
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=PATIENCE)
    try:
        yield Team.here(), device
    finally:
        dist.destroy_process_group()


def _detection(job: Job, team: Team, device: torch.device) -> Loop:
    """A loop over the pictures with boxes that a .data file names."""
    data = read_data_file(job.data)
    graph = read_graph(job.cfg, fork=job.fork)
    recipe, images = Recipe.of(graph), listed(data, "train")
    evaluation = None
    if job.evaluates:
        classes = head_classes(graph)
        evaluation = evaluation_of(data, classes, job.epochs, job.thresh, job.iou_thresh)
    start = _open(job, data, graph, team, device)
    sizes = Sizes(graph, start.trainer.seed, start.trainer.pace)
    task = DetectionTask(
        source=DetectionSet(images, recipe),
        plan=_plan(start.trainer, sizes),
        sizes=sizes,
        seed=start.trainer.seed,
        workers=_workers(job, device),
        pin=device.type == "cuda",
        burn_in=graph.net.burn_in,
        evaluation=evaluation,
    )
    return _loop(job, data, start, task, len(images))


@dataclass(frozen=True)
class _Start:
    """A network ready to be trained, from where `progress` says. notes: what to tell about it."""

    trainer: Trainer
    average: WeightAverage
    progress: Progress
    files: Files
    notes: list[str]


def _open(job: Job, data: DataFile, graph: Graph, team: Team, device: torch.device) -> _Start:
    if not graph.net.max_batches:
        place = graph.net.section.place("max_batches")
        raise DarknetError(f"{place}: is 0, expected how many updates to train for")
    files = Files.of(Path(data.options.get("backup", "backup")), job.cfg, graph.fork)
    network = Network(graph, seed=job.seed)
    notes = [] if job.resume or job.weights is None else [_load(job, network)]
    network.to(device)
    trainer = Trainer(
        network,
        seed=job.seed,
        precision=job.precision,
        compiled=job.compiled,
        synced=job.synced,
        pace=team.world,
    )
    average, progress = WeightAverage(network), Progress(last_map_at=trainer.batch)
    if job.resume:
        progress = load_state(files.state, trainer, average)
        notes = [f"{files.state}: continues after iteration {trainer.batch}"]
    _require_rest(job, trainer)
    return _Start(trainer, average, progress, files, notes)


def _load(job: Job, network: Network) -> str:
    """Read the weights to start from; returns the line that says what they hold."""
    assert job.weights is not None
    report = network.load_weights(job.weights)
    if job.clear:
        header = network.header
        network.header = layout.Header(header.major, header.minor, header.revision, 0)
    return "; ".join([str(report), *report.notes])


def _require_rest(job: Job, trainer: Trainer) -> None:
    """Darknet would write the weights again and say nothing."""
    last = trainer.network.graph.net.max_batches
    if trainer.batch < last:
        return
    place = trainer.network.graph.net.section.place("max_batches")
    cure = "raise max_batches" if job.resume else "raise max_batches, or use -clear to count from 0"
    source = "the state" if job.resume else job.weights
    message = f"{source} is at iteration {trainer.batch}, so training is over; {cure}"
    raise DarknetError(f"{place}: {message}")


def _plan(trainer: Trainer, sizes: Sizes) -> Plan:
    part = max(n for n in range(1, PART + 1) if trainer.images % n == 0)
    team = trainer.team
    return Plan(trainer.images, part, sizes.at, team.rank, team.world)


def _workers(job: Job, device: torch.device) -> int:
    """Processes that make samples: half of the processors when the network needs the others."""
    if job.workers is not None:
        return job.workers
    processors = os.cpu_count() or 1
    share = processors if device.type == "cuda" else processors // 2
    return max(1, min(MOST_WORKERS, share))


def _loop(job: Job, data: DataFile, start: _Start, task: Task, images: int) -> Loop:
    trainer, net = start.trainer, start.trainer.network.graph.net
    report = _report(job, trainer, images)
    report.start([*_facts(job, trainer, images), *start.notes, *_warnings(trainer.network.graph)])
    sinks = _sinks(job, trainer) if trainer.team.first else ()
    return Loop(
        trainer=trainer,
        task=task,
        files=start.files,
        cadence=Cadence.of(trainer.network.graph.fork, net.max_batches, data.options),
        report=report,
        average=start.average,
        of=net.max_batches,
        sinks=sinks,
        progress=start.progress,
        limit=job.iterations,
        evaluates=job.evaluates,
    )


def _report(job: Job, trainer: Trainer, images: int) -> Report:
    if not trainer.team.first:
        return Silent()
    if job.log_style == "darknet":
        return DarknetLog(trainer.network.graph, images)
    live = job.log_style == "live" or (job.log_style == "auto" and sys.stdout.isatty())
    return LiveLog() if live else PlainLog()


def _facts(job: Job, trainer: Trainer, images: int) -> list[str]:
    net, team = trainer.network.graph.net, trainer.team
    processes = f" x {team.world} processes" if team.world > 1 else ""
    words = (
        f"{images} pictures",
        f"{net.width}x{net.height}",
        f"batch {net.batch}/{net.subdivisions}{processes}",
        f"{net.max_batches} iterations from {trainer.batch}",
        f"{next(trainer.network.parameters()).device} {job.precision}",
        f"seed {trainer.seed}",
        f"fork {trainer.network.graph.fork.name}",
    )
    return [f"{job.cfg}: {', '.join(words)}"]


def _warnings(graph: Graph) -> Iterator[str]:
    """What the cfg asks for and this training does not do, or what rarely ends well."""
    yield from (str(notice) for notice in graph.notices if notice.level == "warning")
    net = graph.net
    for key, reason in NOT_DONE.items():
        if getattr(net, key):
            yield f"warning: {net.section.place(key)}: no effect: {reason}"
    if net.batch < SMALL_BATCH:
        place = net.section.place("batch")
        yield f"warning: {place}: {net.batch} images an update; Darknet recommends 64"
    if graph.fork.training_canvas and (net.mosaic or net.mixup):
        yield f"warning: {net.section.place('mosaic')}: no effect: pjreddie's program has none"
    elif net.cutmix:
        yield f"warning: {net.section.place('cutmix')}: no effect: it is for classifiers"


def _sinks(job: Job, trainer: Trainer) -> tuple[Sink, ...]:
    net = trainer.network.graph.net
    results = Results(Path(job.results), Path(job.chart), net.max_batches, net.max_chart_loss)
    results.open(trainer.batch)
    return (results,) if job.tensorboard is None else (results, Board.open(job.tensorboard))
