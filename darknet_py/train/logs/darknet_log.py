"""`--log-style darknet`: the lines of both C programs, for scripts that read them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TextIO

import click

from darknet_py.forks import Fork
from darknet_py.layers.head import Head
from darknet_py.losses.head_loss import HeadLoss
from darknet_py.network.graph import Graph
from darknet_py.train.logs.progress_log import KEPT, Update

CLEAR = "\033[H\033[J"
"""AlexeyAB's program clears the screen before every update."""
SLOW_LOAD = 0.1
"""Seconds of waiting for data that AlexeyAB's program remarks on."""
GO_KEPT = 0.95
"""Of the old average loss in `go train`."""


def head_line(layer: Head, index: int, loss: HeadLoss, fork: Fork) -> str:
    """The line a head prints for each sub-batch; without objects all averages are 0, never nan."""
    values = layer.log_values(loss.metrics, len(loss.delta))
    return layer.log_row(fork).format(index=index, layer=layer, **values)


@dataclass
class DarknetLog:
    """Prints what the program of the graph's fork prints.

    count: images of the training list, or symbols of the text. kind: of training, one of STYLES.
    gpus: processes that train together. passes: losses of the update's sub-batches so far.
    """

    graph: Graph
    count: int
    kind: str = "detector"
    gpus: int = 1
    totals: dict[str, float] = field(default_factory=lambda: {"boxes": 0.0, "rewritten": 0.0})
    passes: list[float] = field(default_factory=list)
    average: float | None = None

    def start(self, lines: list[str]) -> None:
        """The settings Darknet prints, not ours."""
        STYLES[self.kind].start(self)

    def heads(self, losses: dict[int, HeadLoss]) -> None:
        """After each sub-batch."""
        fork = self.graph.fork
        target = sys.stdout if fork.log.heads_on_stdout else sys.stderr
        self.passes.append(_loss(losses))
        for index, loss in losses.items():
            layer = self.graph.nodes[index].layer
            if isinstance(layer, Head):
                _say(head_line(layer, index, loss, fork), target)
                self.totals["boxes"] += loss.metrics["count"]
                self.totals["rewritten"] += loss.metrics.get("rewritten", 0.0)
        if not fork.log.heads_on_stdout and self.totals["boxes"]:
            share = 100 * self.totals["rewritten"] / self.totals["boxes"]
            count = f" total_bbox = {self.totals['boxes']:.0f}, rewritten_bbox = {share:f} % "
            _say(count, target)

    def update(self, update: Update) -> None:
        STYLES[self.kind].update(update, self)
        self.passes.clear()

    def note(self, line: str) -> None:
        _say(line)

    def end(self) -> None:
        """Nothing is left open on the screen."""

    @property
    def learning(self) -> str:
        net = self.graph.net
        first = f"Learning Rate: {net.learning_rate:g}, Momentum: {net.momentum:g}"
        return f"{first}, Decay: {net.decay:g}"


def _say(line: str, to: TextIO | None = None) -> None:
    # Also into a file: scripts look for AlexeyAB's escape sequences.
    click.echo(line, file=to or sys.stdout, color=True)


def _detector_start(log: DarknetLog) -> None:
    _say(log.learning)


def _detector(u: Update, log: DarknetLog) -> None:
    _say(_alexeyab(u) if log.graph.fork.log.update_title else _pjreddie(u))


def _pjreddie(u: Update) -> str:
    first = f"Loaded: {u.waited:f} seconds"
    rest = f"{u.rate:f} rate, {u.seconds:f} seconds, {u.images} images"
    return f"{first}\n{u.number}: {u.loss:f}, {u.average:f} avg, {rest}"


def _alexeyab(u: Update) -> str:
    slow = u.waited > SLOW_LOAD and u.number > 1
    remark = " - performance bottleneck on CPU or Disk HDD/SSD" if slow else ""
    title = f"{u.number}/{u.of}: loss={u.loss:0.1f}"
    if u.map > 0:
        title += f" map={u.map:0.2f} best={u.best_map:0.2f}"
    line = f" {u.number}: {u.loss:f}, {u.average:f} avg loss, {u.rate:f} rate, "
    line += f"{u.seconds:f} seconds, {u.images} images, {u.hours_left:f} hours left"
    loaded = f"Loaded: {u.waited:f} seconds{remark}"
    return f"{loaded}\n{CLEAR}{title} hours left={u.hours_left:0.1f}\a\n{line}"


def _classifier_start(log: DarknetLog) -> None:
    for line in (Path(log.graph.path).stem, log.gpus, log.learning, log.count):
        _say(str(line))


def _classifier(u: Update, log: DarknetLog) -> None:
    """AlexeyAB's program says a negative time where there is no end; here it says none."""
    epochs = u.images / log.count
    line = f"{u.number}, {epochs:.3f}: {u.loss:f}, {u.average:f} avg, {u.rate:f} rate, "
    line += f"{u.seconds:f} seconds, {u.images} images"
    if u.of and log.graph.fork.log.classifier_hours:
        line += f", {u.hours_left:f} hours left"
    _say(f"Loaded: {u.waited:f} seconds\n{line}")


def _loss(losses: dict[int, HeadLoss]) -> float:
    """Of a sub-batch, by head and image."""
    heads = list(losses.values())
    return sum(loss.cost / len(loss.delta) for loss in heads) / len(heads)


def _rnn_start(log: DarknetLog) -> None:
    net = log.graph.net
    streams = max(1, net.batch // net.subdivisions)
    rows = streams * net.time_steps
    sizes = (
        f", Inputs: {net.input.size} {rows} {net.time_steps}"
        if log.graph.fork.log.rnn_input
        else ""
    )
    for line in (Path(log.graph.path).stem, log.learning + sizes):
        _say(line, sys.stderr)
    if not sizes:
        counts = f"streams = {streams}, subdivisions = {net.subdivisions}, text_size = {log.count}"
        _say(f"\n batch = {rows}, steps = {net.time_steps}, {counts} ")
        _say(f" global_batch = {rows * net.subdivisions} ")


def _rnn(u: Update, log: DarknetLog) -> None:
    """A line for each pass, and all of them on stderr, as in both programs."""
    passes = len(log.passes)
    for step, loss in enumerate(log.passes, start=1):
        log.average = loss if log.average is None else KEPT * log.average + (1 - KEPT) * loss
        number = (u.number - 1) * passes + step
        epochs = number * (u.images / u.number / passes) / log.count
        line = f"{number}: {loss:f}, {log.average:f} avg, {u.rate:f} rate, "
        _say(f"{line}{u.seconds / passes:f} seconds, {epochs:f} epochs", sys.stderr)


def _go_start(log: DarknetLog) -> None:
    loading = log.graph.fork.log.go_loading
    _say(Path(log.graph.path).stem)
    if loading:
        _say(str(log.gpus))
    _say(log.learning)
    _say(str(log.count))
    if loading:
        _say(f"Moves: {log.count}")


def _go(u: Update, log: DarknetLog) -> None:
    """AlexeyAB's program prints a line for each sub-batch, with the updates so far."""
    loading = log.graph.fork.log.go_loading
    losses = [u.loss] if loading else log.passes
    if loading:
        _say(f"Loaded: {u.waited:f} seconds")
    for step, loss in enumerate(losses, start=1):
        log.average = loss if log.average is None else GO_KEPT * log.average + (1 - GO_KEPT) * loss
        images = u.images - (len(losses) - step) * (u.images // u.number) // len(losses)
        number = u.number if step == len(losses) else u.number - 1
        line = f"{number}, {images / log.count:.3f}: {loss:f}, {log.average:f} avg, {u.rate:f} rate"
        _say(f"{line}, {u.seconds / len(losses):f} seconds, {images} images")


class LineStyle(NamedTuple):
    """What is printed at the start, and after each update."""

    start: Callable[[DarknetLog], None]
    update: Callable[[Update, DarknetLog], None]


STYLES = {
    "detector": LineStyle(_detector_start, _detector),
    "classifier": LineStyle(_classifier_start, _classifier),
    "rnn": LineStyle(_rnn_start, _rnn),
    "go": LineStyle(_go_start, _go),
}
