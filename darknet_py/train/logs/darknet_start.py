"""What both C programs print before the first update of a training."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from darknet_py.augment.classifier_config import ClassifierAugmentConfig
from darknet_py.detect.format import head_lines
from darknet_py.layers.net import Net
from darknet_py.network.darknet_lines import (
    Said,
    default_line,
    learning_line,
    loading_lines,
    network_lines,
    plain_loading_lines,
    program_lines,
)
from darknet_py.network.graph import Graph
from darknet_py.network.sequence_parts import written_parts
from darknet_py.network.weights import LoadReport
from darknet_py.train.checkpoint import SavePolicy

SMALL_BATCH = 8
"""Images of an update below which AlexeyAB's program warns."""
DETECTOR_THREADS, CLASSIFIER_THREADS = 6, 32
"""Of AlexeyAB's program to make samples, for each GPU, and for all."""
TOP = "5"
"""Guesses that count in AlexeyAB's -topk where the .data file has no top=."""


@dataclass(frozen=True)
class StartFacts:
    """What Darknet tells of a training.

    count: images of the list, or symbols of the text. kind: a key of STARTS. gpus: processes that
    train together. options: the lines of the .data file. loaded: what the weights were read as.
    metric: the label of what is measured now and then, none: nothing. device: as torch calls it.
    """

    graph: Graph
    count: int
    kind: str = "detector"
    gpus: int = 1
    options: Mapping[str, str] = field(default_factory=dict)
    save_policy: SavePolicy = SavePolicy(1000, 100)
    loaded: LoadReport | None = None
    metric: str = ""
    device: str = "cpu"

    @property
    def base(self) -> str:
        return Path(self.graph.path).stem

    @property
    def learning(self) -> str:
        return learning_line(self.graph.net, self.gpus)

    @property
    def pass_batch(self) -> int:
        """Images, or symbols, that go through the network at once."""
        net = self.graph.net
        return max(1, net.batch // net.subdivisions) * net.time_steps

    def default(self, key: str, value: object) -> Iterator[Said]:
        """What stands for a key that the .data file does not have."""
        if key not in self.options:
            yield default_line(key, value)


def start_lines(facts: StartFacts) -> Iterator[Said]:
    if facts.graph.fork.log.training_plan:
        yield from program_lines(facts.device)
    yield from STARTS[facts.kind](facts)


def _network(facts: StartFacts) -> Iterator[Said]:
    subdivisions = facts.graph.net.subdivisions
    yield from network_lines(facts.graph, facts.pass_batch, subdivisions, train=True)
    if facts.loaded:
        told = facts.graph.fork.log.tells_seen
        own, loaded = loading_lines if told else plain_loading_lines, facts.loaded
        yield from own(loaded.path, loaded.header, loaded.layers)


def _detector(facts: StartFacts) -> Iterator[Said]:
    told = facts.graph.fork.log.training_plan
    if told:
        yield from facts.default("valid", facts.options.get("train", ""))
    yield from facts.default("backup", "backup")
    if facts.metric:
        yield Said(" Prepare additional network for mAP calculation...\n")
        yield from network_lines(facts.graph, 1, 1, train=False)
    yield Said(f"{facts.base}\n")
    yield from _network(facts)
    if told:
        yield from _plan(facts)
    yield Said(f"{facts.learning}\n")
    for line in head_lines(facts.graph):
        yield Said(f"{line}\n")
    if facts.graph.net.track and facts.graph.fork.samples.sequences:
        yield _tracking(facts)
    if told:
        yield _threads(_detector_threads(facts) * facts.gpus, facts.graph.net)


def _tracking(facts: StartFacts) -> Said:
    net, rows = facts.graph.net, facts.pass_batch
    steps = f"time_steps = {net.time_steps}, mini_batch = {rows // net.time_steps}"
    return Said(f"\n Tracking! batch = {rows}, subdiv = {net.subdivisions}, {steps} \n")


def _detector_threads(facts: StartFacts) -> int:
    net = facts.graph.net
    if not (net.track and facts.graph.fork.samples.sequences):
        return DETECTOR_THREADS
    # Before the first update seq_scales has not been asked for yet.
    return written_parts(net) or net.subdivisions


def _plan(facts: StartFacts) -> Iterator[Said]:
    """When weights are kept, and a warning of batches that rarely end well."""
    net, policy = facts.graph.net, facts.save_policy
    if net.batch < SMALL_BATCH:
        cure = "It is recommended to set batch=64 subdivision=64"
        yield Said(f"\n Warning: You set batch={net.batch} lower than 64! {cure} \n")
    yield from facts.default("saveweights", policy.numbered)
    yield from facts.default("savelast", policy.last)
    last = f"Last weights (*_last.weight) are stored every {policy.last} iterations."
    yield Said(f"Weights are saved after: {policy.numbered} iterations. {last} \n")


def _threads(count: int, net: Net) -> Said:
    """With contrastive=1 a thread makes a pair of images, or several."""
    count = min(count, net.mini_batch // 2) if net.contrastive else count
    return Said(f" Create {count} permanent cpu-threads \n", True)


def _classifier(facts: StartFacts) -> Iterator[Said]:
    yield Said(f"{facts.base}\n{facts.gpus}\n")
    yield from _network(facts)
    yield Said(f"{facts.learning}\n")
    yield from facts.default("backup", "backup")
    told, net = facts.graph.fork.log.training_plan, facts.graph.net
    if told:
        yield from facts.default("top", facts.metric.removeprefix("TOP") or TOP)
    yield Said(f"{facts.count}\n")
    if told:
        yield _threads(CLASSIFIER_THREADS, net)
    else:
        yield crop_line(facts.graph, net.width)


def crop_line(graph: Graph, width: int) -> Said:
    """The sizes between which pjreddie's program draws the side of a square, in whole pixels."""
    drawn = ClassifierAugmentConfig.of(graph).affine_range(width)
    return Said(f"{drawn.low} {drawn.high}\n")


def _named(facts: StartFacts) -> Iterator[Said]:
    """Of the older words, which have no .data file."""
    yield Said(f"{facts.base}\n")
    yield from _network(facts)
    yield Said(f"{facts.learning}\n")


def _rnn(facts: StartFacts) -> Iterator[Said]:
    net, rows = facts.graph.net, facts.pass_batch
    shows_input = facts.graph.fork.log.rnn_input
    sizes = f", Inputs: {net.input.size} {rows} {net.time_steps}" if shows_input else ""
    yield Said(f"{facts.base}\n", True)
    yield from _network(facts)
    yield Said(f"{facts.learning}{sizes}\n", True)
    if not shows_input:
        streams, parts = rows // net.time_steps, net.subdivisions
        counts = f"streams = {streams}, subdivisions = {parts}, text_size = {facts.count}"
        yield Said(f"\n batch = {rows}, steps = {net.time_steps}, {counts} \n")
        yield Said(f" global_batch = {rows * parts} \n")


def _go(facts: StartFacts) -> Iterator[Said]:
    counted = facts.graph.fork.log.go_loading
    yield Said(f"{facts.base}\n")
    if counted:
        yield Said(f"{facts.gpus}\n")
    yield from _network(facts)
    yield Said(f"{facts.learning}\n{facts.count}\n")
    if counted:
        yield Said(f"Moves: {facts.count}\n")


def _counted(facts: StartFacts) -> Iterator[Said]:
    """Segmenters and regressors."""
    yield Said(f"{facts.base}\n{facts.gpus}\n")
    yield from _network(facts)
    yield Said(f"{facts.learning}\n")
    yield from facts.default("backup", "backup")
    yield Said(f"{facts.count}\n")


STARTS: dict[str, Callable[[StartFacts], Iterator[Said]]] = {
    "detector": _detector,
    "classifier": _classifier,
    "rnn": _rnn,
    "go": _go,
    **dict.fromkeys(("segmenter", "isegmenter", "regressor"), _counted),
    "yolo": _named,
    "cifar": _named,
}
"""By the kind of training."""
