"""The start of a training: its network, where it goes on from, and the files it writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

from darknet_py.distributed.context import DistributedContext
from darknet_py.engines.devices import possible_precision
from darknet_py.errors import DarknetError
from darknet_py.network.graph import Graph, read_graph
from darknet_py.network.network import Network
from darknet_py.network.weights import LoadReport
from darknet_py.network.weights_header import Header
from darknet_py.network.weights_values import in_short
from darknet_py.options.training import TrainOptions
from darknet_py.train.checkpoint import CheckpointFiles, SavePolicy
from darknet_py.train.elastic import continuing, job_name, may_restart
from darknet_py.train.ema import WeightAverage
from darknet_py.train.periodic_metric import PeriodicMetric
from darknet_py.train.schedule import needs_end
from darknet_py.train.state_facts import TrainingProgress
from darknet_py.train.task import Task
from darknet_py.train.trainer import Trainer
from darknet_py.train.training_state import load_state, save_state

FACTS = {
    "detector": "has a detection head",
    "classifier": "has no detection head",
    "rnn": "reads no images: [net] has no width and height",
}
"""What tells the kinds of networks apart; the words are those of their `train` commands."""


@dataclass(frozen=True)
class TrainingStart:
    """A network ready to be trained, from where `progress` says.

    notes: what to tell about it. loaded: what was read of the weights it starts from.
    """

    trainer: Trainer
    average: WeightAverage
    progress: TrainingProgress
    files: CheckpointFiles
    notes: list[str]
    loaded: LoadReport | None = None


@dataclass(frozen=True)
class ReadyTraining:
    """A training of any kind, ready to run.

    count: images of the training list, or symbols of the text. facts: that and more, in the words
    of the kind. warnings: what of the cfg or the data has no effect, or rarely ends well. metric:
    what -map or -topk asked for. data_options: the lines of the .data file.
    """

    start: TrainingStart
    task: Task
    save_policy: SavePolicy
    count: int
    facts: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    metric: PeriodicMetric | None = None
    data_options: Mapping[str, str] = field(default_factory=dict)


def graph_of(options: TrainOptions) -> Graph:
    """The network of options.cfg; raises CfgError."""
    return read_graph(options.cfg, fork=options.fork_in_force, **options.net_values)


def begin(
    options: TrainOptions,
    graph: Graph,
    files: CheckpointFiles,
    distributed: DistributedContext,
    device: torch.device,
) -> TrainingStart:
    """Raises DarknetError for weights or a state that do not fit."""
    options = continuing(options, files.state, distributed, device)
    network = Network(graph, seed=options.seed)
    loaded = None if options.resume or options.weights is None else _load(options, network)
    notes = _notes_on(loaded) if loaded else []
    network.to(device)
    synchronised = options.sync_batchnorm and distributed.world > 1
    if options.sync_batchnorm and not synchronised:
        notes.append("--sync_bn: no effect: one process; start several with -gpus or torchrun")
    trainer = Trainer(
        network,
        seed=options.seed,
        precision=possible_precision(options.precision, device),
        compiled=options.compiled,
        exact=options.exact,
        sync_batchnorm=synchronised,
        updates_per_step=distributed.world,
    )
    average, progress = WeightAverage(network), TrainingProgress(last_map_at=trainer.batch)
    if options.resume:
        progress = load_state(files.state, trainer, average)
        # The state's may have been raised where memory was short.
        trainer.subdivisions = options.subdivisions or trainer.subdivisions
        notes += [f"{files.state}: continues after iteration {trainer.batch}"]
    elif may_restart() and distributed.first:
        # In place of an older training's, which a restart before the first one would see.
        save_state(files.state, trainer, average, progress, job_name())
    notes += _over(options, trainer)
    return TrainingStart(trainer, average, progress, files, notes, loaded)


def require_kind(graph: Graph, kind: str) -> None:
    """Raises DarknetError for a network of another kind, naming the command for it."""
    actual = kind_of(graph)
    if actual != kind:
        cure = f"train it with `darknet-py {actual} train`"
        raise DarknetError(f"{graph.path}: {FACTS[actual]}; {cure}")


def kind_of(graph: Graph) -> str:
    if graph.head_classes is not None:
        return "detector"
    return "classifier" if graph.net.width and graph.net.height else "rnn"


def require_end(graph: Graph) -> None:
    """Raises DarknetError for max_batches=0."""
    if not graph.net.max_batches:
        location = graph.net.section.location("max_batches")
        raise DarknetError(f"{location}: is 0, expected how many updates to train for")


def require_endless(graph: Graph) -> None:
    """Raises DarknetError where max_batches=0, for ever, does not go with other options."""
    net = graph.net
    if net.max_batches:
        return
    needs = needs_end(net)
    if needs or net.ema_alpha:
        key = "policy" if needs else "ema_alpha"
        message = f"{getattr(net, key)} needs to know the end, and max_batches is 0: for ever"
        raise DarknetError(f"{net.section.location(key)}: {message}; set max_batches")


def _load(options: TrainOptions, network: Network) -> LoadReport:
    """Read the weights to start from."""
    assert options.weights is not None
    report = network.load_weights(options.weights, strict=False)
    if options.clear:
        header = network.header
        network.header = Header(header.major, header.minor, header.revision, 0)
    return report


def _notes_on(report: LoadReport) -> list[str]:
    """What weights hold; that a file made for training ends early is nothing to warn of."""
    lines = ["; ".join([str(report), *report.notes])]
    if report.missing:
        warning = "warning: " if report.misfit else ""
        lines.append(f"{warning}{report.path}: {report.random_layers}")
    return lines + [f"warning: {report.path}: {fault}" for fault in in_short(report.faults)]


def _over(options: TrainOptions, trainer: Trainer) -> list[str]:
    """As in both programs the weights are written again then, under their last name."""
    last = trainer.network.graph.net.max_batches
    if not last or trainer.batch < last:
        return []
    location = trainer.network.graph.net.section.location("max_batches")
    source = "the state" if options.resume else options.weights
    cure = "raise max_batches" if options.resume else "raise max_batches, or count from 0 by -clear"
    message = f"{source} is at iteration {trainer.batch}, so training is over; to go on {cure}"
    return [f"warning: {location}: {message}"]
