"""`--log-style darknet`: the lines of both C programs, each on its stream, for scripts that read
them; what only this program has to say goes to stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from darknet_py.data.classifier_samples import RANDOM_EVERY
from darknet_py.forks import Fork
from darknet_py.layers.head import Head
from darknet_py.layers.scores import Contrastive
from darknet_py.losses.head_loss import HeadLoss
from darknet_py.network.darknet_lines import Said, say
from darknet_py.network.graph import Graph
from darknet_py.network.sequence_parts import sequence_parts, sequence_passes
from darknet_py.train.ema import APPLIED, MOVED, STARTED
from darknet_py.train.logs.contrast_lines import ContrastLines
from darknet_py.train.logs.darknet_start import StartFacts, crop_line, start_lines
from darknet_py.train.logs.progress_log import KEPT, TrainingLog, Update
from darknet_py.train.multi_scale import EVERY, is_dynamic, mini_batch_at, random_limit

CLEAR = "\033[H\033[J"
"""AlexeyAB's program clears the screen before every update; scripts look for it in files too."""
CIFAR_KEPT = 0.95
"""Of the average loss that `cifar train` prints."""
SLOW_LOAD = 0.1
"""Seconds of waiting for data that AlexeyAB's program remarks on."""
GO_KEPT = 0.95
"""Of the old average loss in `go train`."""
SLOW = " - performance bottleneck on CPU or Disk HDD/SSD"
TOP_EVERY = 10
"""Updates between two lines that say when -topk is due."""
CLEAR_HINT = (
    "If you want to train from the beginning, then use flag in the end of training command: -clear"
)


def head_line(layer: Head, index: int, loss: HeadLoss, fork: Fork) -> str:
    """The line a head prints for each sub-batch; without objects all averages are 0, never nan."""
    values = layer.log_values(loss.metrics, len(loss.delta))
    return layer.log_row(fork).format(index=index, layer=layer, **values)


@dataclass
class DarknetLog(TrainingLog):
    """Prints what the program of the graph's fork prints.

    totals: boxes of the last update's labels so far. passes: losses of the update's sub-batches so
    far, average: of all passes of a recurrent net, and of `cifar`. updates: made in this run.
    """

    facts: StartFacts
    totals: dict[str, float] = field(default_factory=lambda: {"boxes": 0.0, "rewritten": 0.0})
    passes: list[float] = field(default_factory=list)
    average: float | None = None
    updates: int = 0
    contrast: ContrastLines = field(default_factory=ContrastLines)

    @property
    def graph(self) -> Graph:
        return self.facts.graph

    @property
    def style(self) -> LineStyle:
        return STYLES[self.facts.kind]

    def start(self, lines: list[str]) -> None:
        say(start_lines(self.facts))
        for line in lines:
            self.note(line)

    def preparing(self, step: int, size: tuple[int, int]) -> None:
        say(self.style.preparing(step, size, self))

    def loaded(self, seconds: float) -> None:
        say(self.style.loaded(seconds, self))

    def adversarial(self, rate: float) -> None:
        """Darknet prints lines of the heads as well, of which nothing is without labels."""
        say([Said(f"\n adversarial training, adversarial_lr = {rate:f} \n")])

    def heads(self, losses: dict[int, HeadLoss]) -> None:
        self.passes.append(_loss(losses))
        say(self._head_lines(losses))

    def _head_lines(self, losses: dict[int, HeadLoss]) -> Iterator[Said]:
        fork = self.graph.fork
        for index, loss in losses.items():
            layer = self.graph.nodes[index].layer
            if isinstance(layer, Head):
                line = head_line(layer, index, loss, fork)
                yield Said(f"{line}\n", not fork.log.heads_on_stdout)
                self.totals["boxes"] += loss.metrics["count"]
                self.totals["rewritten"] += loss.metrics.get("rewritten", 0.0)
            elif isinstance(layer, Contrastive):
                yield from self.contrast.of_loss(loss)
        boxes = self.totals["boxes"]
        if not fork.log.heads_on_stdout and boxes:
            share = 100 * self.totals["rewritten"] / boxes
            yield Said(f" total_bbox = {boxes:.0f}, rewritten_bbox = {share:f} % \n", True)

    def averaged(self, deeds: tuple[str, ...]) -> None:
        alpha = self.graph.net.ema_alpha
        say(Said(EMA_LINES[deed].format(alpha=alpha)) for deed in deeds)

    def computed(self, update: Update) -> None:
        say(self.style.computed(update, self))
        self.passes.clear()
        self.updates += 1

    def update(self, update: Update) -> None:
        say(self.style.evaluated(update, self))
        if self.graph.net.contrastive and self.graph.fork.samples.pairs:
            say(self.contrast.of_update())

    def saved(self, path: Path, average: bool = False) -> None:
        say([Said(f"Saving weights to {path}\n", True)])
        if average:
            say([Said(f" EMA weights are saved to the file: {path} \n")])

    def finished(self) -> None:
        if self.graph.fork.log.training_plan and self.facts.kind == "detector":
            say([Said(f"{CLEAR_HINT} \n")])

    def note(self, line: str) -> None:
        say([Said(f"{line}\n", True)])

    def as_darknet(self, pieces: Iterable[Said]) -> None:
        say(pieces)


EMA_LINES = {
    STARTED: " EMA initialization \n",
    APPLIED: " ema_apply() \n",
    MOVED: " ema_update(), ema_alpha = {alpha:f} \n",
}


def _loss(losses: dict[int, HeadLoss]) -> float:
    """Of a sub-batch, by head and image."""
    heads = list(losses.values())
    return sum(loss.cost / len(loss.delta) for loss in heads) / len(heads)


def _nothing(*_: object) -> Iterator[Said]:
    yield from ()


def _resizing(step: int, size: tuple[int, int], log: DarknetLog) -> Iterator[Said]:
    """Also at the start of a run, where Darknet begins to count the tens."""
    limit = random_limit(log.graph)
    if not limit or (log.updates and (step - 1) % EVERY):
        return
    if log.graph.fork.samples.square_sizes:
        yield Said(f"Resizing\n{size[0]}\n")
    else:
        images = mini_batch_at(log.graph, size) * log.graph.net.time_steps
        batch = f" (batch = {images}) " if is_dynamic(log.graph) else ""
        yield Said(f"Resizing, random_coef = {limit:.2f} \n\n {size[0]} x {size[1]} {batch}\n")


def _detector_preparing(step: int, size: tuple[int, int], log: DarknetLog) -> Iterator[Said]:
    yield from _resizing(step, size, log)
    net, fork = log.graph.net, log.graph.fork
    if net.track and fork.samples.sequences:
        updates = (step - 1) * log.facts.gpus
        parts, passes = sequence_parts(net, updates), sequence_passes(net, fork, updates)
        yield Said(f" sequential_subdivisions = {parts}, sequence = {passes} \n")


def _classifier_resizing(step: int, size: tuple[int, int], log: DarknetLog) -> Iterator[Said]:
    drawn = log.graph.fork.samples.crop_ratios and log.graph.net.random
    if drawn and not (log.updates and (step - 1) % RANDOM_EVERY):
        yield Said(f"Resizing\n{size[0]}\n")
        yield crop_line(log.graph, size[0])


def _loaded(seconds: float, log: DarknetLog) -> Iterator[Said]:
    slow = log.graph.fork.log.update_title and seconds > SLOW_LOAD and log.updates
    yield Said(f"Loaded: {seconds:f} seconds{SLOW if slow else ''}\n")


def _loaded_plain(seconds: float, log: DarknetLog) -> Iterator[Said]:
    yield Said(f"Loaded: {seconds:f} seconds\n")


def _detector(u: Update, log: DarknetLog) -> Iterator[Said]:
    yield Said(_alexeyab(u, log) if log.graph.fork.log.update_title else _pjreddie(u))


def _pjreddie(u: Update) -> str:
    rest = f"{u.rate:f} rate, {u.seconds:f} seconds, {u.images} images"
    return f"{u.number}: {u.loss:f}, {u.average:f} avg, {rest}\n"


def _alexeyab(u: Update, log: DarknetLog) -> str:
    title = f"{u.number}/{u.of}: loss={u.loss:0.1f}"
    if u.map > 0:
        title += f" map={u.map:0.2f} best={u.best_map:0.2f}"
    line = f" {u.number}: {u.loss:f}, {u.average:f} avg loss, {u.rate:f} rate, "
    line += f"{u.seconds:f} seconds, {u.images} images, {u.hours_left:f} hours left\n"
    return f"{_next_map(u, log)}{CLEAR}{title} hours left={u.hours_left:0.1f}\a\n{line}"


def _next_map(u: Update, log: DarknetLog) -> str:
    if not u.next_metric:
        return ""
    following = f"\n (next mAP calculation at {u.next_metric} iterations) "
    if u.map <= 0:
        return following
    values = f"{100 * u.map:2.2f} %, best = {100 * u.best_map:2.2f} %"
    return f"{following}\n Last accuracy {log.facts.metric} = {values} "


def _map(u: Update, log: DarknetLog) -> Iterator[Said]:
    """After the table of an evaluation."""
    if u.evaluated:
        yield Said(f"\n mean_average_precision ({log.facts.metric}) = {u.map:f} \n")
    if u.evaluated and u.map >= u.best_map:
        yield Said("New best mAP!\n")


def _next_top(u: Update, log: DarknetLog) -> Iterator[Said]:
    if u.next_metric and u.number % TOP_EVERY == 0:
        label = log.facts.metric
        yield Said(f"\n (next {label} calculation at {u.next_metric} iterations) ", True)
        if u.map > 0:
            yield Said(f" Last accuracy {label} = {100 * u.map:2.2f} % \n", True)


def _classifier(u: Update, log: DarknetLog) -> Iterator[Said]:
    """AlexeyAB's program says a negative time where there is no end; here it says none."""
    hours = u.of and log.graph.fork.log.classifier_hours
    yield Said(_by_epochs(u, log) + (f", {u.hours_left:f} hours left\n" if hours else "\n"))


def _epochs(u: Update, log: DarknetLog) -> Iterator[Said]:
    """Segmenters and regressors, which pjreddie's program alone has."""
    yield Said(f"{_by_epochs(u, log)}\n")


def _by_epochs(u: Update, log: DarknetLog) -> str:
    epochs = u.images / log.facts.count
    line = f"{u.number}, {epochs:.3f}: {u.loss:f}, {u.average:f} avg, {u.rate:f} rate, "
    return f"{line}{u.seconds:f} seconds, {u.images} images"


def _cifar(u: Update, log: DarknetLog) -> Iterator[Said]:
    old = u.loss if log.average is None else log.average
    log.average = CIFAR_KEPT * old + (1 - CIFAR_KEPT) * u.loss
    line = f"{u.number}, {u.images / log.facts.count:.3f}: {u.loss:f}, {log.average:f} avg, "
    yield Said(f"{line}{u.rate:f} rate, {u.seconds:f} seconds, {u.images} images\n")


def _rnn(u: Update, log: DarknetLog) -> Iterator[Said]:
    """A line for each pass, and all of them on stderr, as in both programs."""
    passes = len(log.passes)
    for step, loss in enumerate(log.passes, start=1):
        log.average = loss if log.average is None else KEPT * log.average + (1 - KEPT) * loss
        number = (u.number - 1) * passes + step
        epochs = number * (u.images / u.number / passes) / log.facts.count
        line = f"{number}: {loss:f}, {log.average:f} avg, {u.rate:f} rate, "
        yield Said(f"{line}{u.seconds / passes:f} seconds, {epochs:f} epochs\n", True)


def _go_loaded(seconds: float, log: DarknetLog) -> Iterator[Said]:
    if log.graph.fork.log.go_loading:
        yield from _loaded_plain(seconds, log)


def _go(u: Update, log: DarknetLog) -> Iterator[Said]:
    """AlexeyAB's program prints a line for each sub-batch, with the updates so far."""
    losses = [u.loss] if log.graph.fork.log.go_loading else log.passes
    for step, loss in enumerate(losses, start=1):
        log.average = loss if log.average is None else GO_KEPT * log.average + (1 - GO_KEPT) * loss
        images = u.images - (len(losses) - step) * (u.images // u.number) // len(losses)
        number, epochs = u.number - (step < len(losses)), images / log.facts.count
        line = f"{number}, {epochs:.3f}: {loss:f}, {log.average:f} avg, {u.rate:f} rate"
        yield Said(f"{line}, {u.seconds / len(losses):f} seconds, {images} images\n")


class LineStyle(NamedTuple):
    """What is printed before a batch is waited for and when it is there, when an update is made,
    and when what follows it has been measured."""

    preparing: Callable[[int, tuple[int, int], DarknetLog], Iterator[Said]]
    loaded: Callable[[float, DarknetLog], Iterator[Said]]
    computed: Callable[[Update, DarknetLog], Iterator[Said]]
    evaluated: Callable[[Update, DarknetLog], Iterator[Said]]


STYLES = {
    "detector": LineStyle(_detector_preparing, _loaded, _detector, _map),
    "classifier": LineStyle(_classifier_resizing, _loaded_plain, _next_top, _classifier),
    "yolo": LineStyle(_nothing, _loaded, _detector, _map),
    "cifar": LineStyle(_nothing, _nothing, _cifar, _nothing),
    "rnn": LineStyle(_nothing, _nothing, _rnn, _nothing),
    "go": LineStyle(_nothing, _go_loaded, _go, _nothing),
    **dict.fromkeys(
        ("segmenter", "isegmenter", "regressor"),
        LineStyle(_nothing, _loaded_plain, _nothing, _epochs),
    ),
}
