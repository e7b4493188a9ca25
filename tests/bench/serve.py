"""`make bench-serve`: what `serve` answers a second, against what `detect` does with a folder.

    python tests/bench/serve.py CFG WEIGHTS [THRESH [CLIENTS [REQUESTS [ROUNDS]]]]

Two servers, one with the usual batch and one with `--batch 1`, and in turns with them `detect` of
the same images in this process: as `make bench-folder` does it, every image drawn and written, and
the results alone. The clients share the processors with the server: their part is told beside it.
Every answer is compared with what `detect` gives for the image, alone or in a batch. WEIGHTS:
random makes a file of random ones; their boxes are many, so give a THRESH near 1. Needs Linux and
PYTHONPATH=tests.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
from folder import detecting, open_detector
from support.load_client import Exchange, LoadReport, load
from support.load_requests import exchanges_of, mixed_images, shuffled
from support.served_process import ServerProcess, server_process

from darknet_py import Detector
from darknet_py.detect.command_start import usual_batch

IMAGES = 28
CLIENTS, REQUESTS, ROUNDS = 64, 2000, 3
WARM_UP = 100
"""Requests and images that are not counted."""
IDLE_SECONDS = 10
SAMPLES = 10
"""Of a server's memory in a round."""
SERVERS: dict[str, tuple[str, ...]] = {"serve": (), "serve --batch 1": ("--batch", "1")}


@dataclass(frozen=True)
class Measured:
    """rate: images a second. cpu: milliseconds of the processors for each."""

    rate: float
    cpu: float


@dataclass(frozen=True)
class Row:
    """A way of having the images looked at, and its rounds."""

    name: str
    work: Callable[[], Measured]
    rounds: list[Measured] = field(default_factory=list)


@dataclass(frozen=True)
class Workload:
    """paths, exchanges: the same images in the same order."""

    detector: Detector
    thresh: float
    clients: int
    paths: list[str]
    exchanges: list[Exchange]

    @staticmethod
    def of(detector: Detector, thresh: float, clients: int, count: int, folder: str) -> Workload:
        images = mixed_images(IMAGES)
        for image in images:
            Path(folder, image.name).write_bytes(image.data)
        known, order = exchanges_of(detector, images, thresh), shuffled(images, count)
        paths = [str(Path(folder, images[number].name)) for number in order]
        return Workload(detector, thresh, clients, paths, [known[number] for number in order])

    @property
    def objects(self) -> float:
        """In an image, on average: with none, no answer could be wrong."""
        counts = [one.bodies[0].count(b'"class_id"') for one in self.exchanges]
        return statistics.mean(counts)

    def results_alone(self) -> None:
        """Neither drawn nor written."""
        batch = usual_batch(self.detector.graph, len(self.paths))
        for _ in self.detector.stream(self.paths, self.thresh, batch=batch):
            pass

    def rows(self, folder: str, servers: dict[str, ServerProcess]) -> list[Row]:
        written = partial(detecting, self.detector, self.paths, self.thresh, folder)
        return [
            Row("folder, written", partial(in_process, len(self.paths), written)),
            Row("folder, results alone", partial(in_process, len(self.paths), self.results_alone)),
            *(Row(name, partial(serving, name, self, server)) for name, server in servers.items()),
        ]


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def own_cpu() -> float:
    """Seconds of the processors that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def in_process(count: int, work: Callable[[], None]) -> Measured:
    start, before = time.perf_counter(), own_cpu()
    work()
    return Measured(count / (time.perf_counter() - start), 1000 * (own_cpu() - before) / count)


def serving(name: str, workload: Workload, server: ServerProcess) -> Measured:
    """Says what became of the requests."""
    count, memory = len(workload.exchanges), list[float]()

    def watch(answered: int) -> None:
        if answered % max(1, count // SAMPLES) == 0:
            memory.append(server.megabytes())

    before = own_cpu(), server.cpu_seconds()
    report = load(server.port, workload.exchanges, workload.clients, watch)
    clients, cpu = own_cpu() - before[0], server.cpu_seconds() - before[1]
    tell(name, report, memory, 1000 * clients / count)
    return Measured(report.rate, 1000 * cpu / count)


def tell(name: str, report: LoadReport, memory: list[float], clients: float) -> None:
    parts = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0))
    times = ", ".join(f"{word} {report.milliseconds(share):.0f}" for word, share in parts)
    digits = f", {report.unusual} as in a batch" if report.unusual else ""
    say(f"  {name}: {times} ms, {report.lost} lost, {report.wrong} wrong{digits}")
    sizes = " ".join(f"{size:.0f}" for size in memory)
    say(f"    clients' CPU {clients:.2f} ms a request, server's memory in MB: {sizes}")
    for got, exchange in report.examples[:1]:
        say(f"    got {got.decode(errors='replace')}\n    not {exchange.bodies[0].decode()}")


def start_and_idle(cfg: str, weights: str, exchange: Exchange) -> None:
    """Says how long a server takes from nothing to an answer, and what it costs after that."""
    with server_process(cfg, weights) as server:
        opened = time.perf_counter() - server.started
        report = load(server.port, [exchange], 1)
        seconds = time.perf_counter() - server.started
        before = server.cpu_seconds()
        time.sleep(IDLE_SECONDS)
        idle = server.cpu_seconds() - before
    say(f"port open after {opened:.2f} s, first answer after {seconds:.2f} s, {report.wrong} wrong")
    say(f"idle: {idle:.2f} s of CPU in {IDLE_SECONDS} s")


def compare(rows: Sequence[Row], rounds: int) -> None:
    """The servers' shares of what the folder's rows reach in the same round."""
    for number in range(rounds):
        say(f"round {number + 1}")
        for row in rows if number % 2 == 0 else rows[::-1]:  # other work comes and goes
            row.rounds.append(row.work())
    for row in rows:
        rate = statistics.median(one.rate for one in row.rounds)
        cpu = statistics.median(one.cpu for one in row.rounds)
        say(f"{row.name:24}{rate:8.1f} images/s, {cpu:6.2f} ms of CPU each")
    for row in rows[2:]:
        for base in rows[:2]:
            pairs = zip(row.rounds, base.rounds, strict=True)
            shares = sorted(mine.rate / other.rate for mine, other in pairs)
            share = f"{statistics.median(shares):.2f} ({shares[0]:.2f} to {shares[-1]:.2f})"
            say(f"{row.name} / {base.name}: {share}")


def main(
    cfg: str,
    weights: str,
    thresh: str = "0.25",
    clients: str = str(CLIENTS),
    requests: str = str(REQUESTS),
    rounds: str = str(ROUNDS),
) -> None:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        detector = open_detector(cfg, None if weights == "random" else weights, folder)
        if weights == "random":
            weights = str(Path(folder, "random.weights"))
        workload = Workload.of(detector, float(thresh), int(clients), int(requests), folder)
        say(f"{cfg}: {clients} clients, {requests} requests, {torch.get_num_threads()} threads")
        say(f"{workload.objects:.1f} objects in an image")
        start_and_idle(cfg, weights, workload.exchanges[0])
        servers = {
            name: stack.enter_context(server_process(cfg, weights, flags))
            for name, flags in SERVERS.items()
        }
        for server in servers.values():
            load(server.port, workload.exchanges[:WARM_UP], int(clients))
        workload.results_alone()
        compare(workload.rows(folder, servers), int(rounds))


if __name__ == "__main__":
    main(*sys.argv[1:])
