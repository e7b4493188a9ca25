"""`make bench-serve`: what `serve` answers a second, against what `detect` does with a folder.

    python tests/bench/serve.py CFG WEIGHTS [THRESH [CLIENTS [REQUESTS [ROUNDS]]]]

Two servers, one with the usual batch and one with `--batch 1`, and in turns with them `detect` of
the same images in this process: as `make bench-folder` does it, every image drawn and written, and
the results alone. The clients share the processors with the server: their part is told beside it.
Every answer is compared with what `detect` gives. WEIGHTS: random makes a file of random ones;
their boxes are many, so give a THRESH near 1.
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
from folder import detecting, open_detector, rate
from support.load_client import Exchange, LoadReport, load
from support.load_requests import exchanges_of, mixed_images, raw_request, shuffled
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


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@dataclass
class Row:
    """One way of having the images looked at, and its rounds."""

    name: str
    work: Callable[[], float]
    rates: list[float] = field(default_factory=list)


def alone(detector: Detector, paths: list[str], thresh: float) -> None:
    """The results of a folder, neither drawn nor written."""
    for _ in detector.stream(paths, thresh, batch=usual_batch(detector.graph, len(paths))):
        pass


def own_cpu() -> float:
    """Seconds of the processor that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def serving(name: str, server: ServerProcess, exchanges: Sequence[Exchange], clients: int) -> float:
    """One round; says what became of it."""
    memory = []
    every = max(1, len(exchanges) // SAMPLES)

    def watch(answered: int) -> None:
        if answered % every == 0:
            memory.append(server.megabytes())

    before = own_cpu(), server.cpu_seconds()
    report = load(server.port, exchanges, clients, watch)
    used = own_cpu() - before[0], server.cpu_seconds() - before[1]
    tell(name, report, memory, used)
    return report.rate


def tell(name: str, report: LoadReport, memory: list[float], used: tuple[float, float]) -> None:
    times = ", ".join(
        f"{word} {report.milliseconds(share):.0f}"
        for word, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0))
    )
    client, server = (1000 * seconds / report.requests for seconds in used)
    say(
        f"  {name}: {report.rate:.1f} requests/s, {times} ms, {report.lost} lost, "
        f"{report.wrong} wrong"
    )
    say(
        f"    CPU a request: server {server:.2f} ms, clients {client:.2f} ms; "
        f"MB: {' '.join(f'{one:.0f}' for one in memory)}"
    )
    for got, wanted in report.examples[:1]:
        say(f"    got {got.decode(errors='replace')}\n    instead of {wanted.decode()}")


def first_answer(cfg: str, weights: str, flags: Sequence[str], data: bytes) -> None:
    """Says how long a server takes from nothing to an answer, and what it does after that."""
    with server_process(cfg, weights, flags) as server:
        open_after = time.perf_counter() - server.started
        report = load(server.port, [Exchange(raw_request(data), b"")], 1)
        seconds = time.perf_counter() - server.started
        assert not report.lost
        before = server.cpu_seconds()
        time.sleep(IDLE_SECONDS)
        idle = server.cpu_seconds() - before
    say(
        f"start: port open after {open_after:.2f} s, first answer after {seconds:.2f} s; "
        f"idle: {idle:.2f} s of CPU in {IDLE_SECONDS} s"
    )


def compare(rows: Sequence[Row], rounds: int) -> None:
    for number in range(rounds):
        say(f"round {number + 1}")
        for row in rows:
            row.rates.append(row.work())
    for row in rows:
        say(f"{row.name:24}{statistics.median(row.rates):8.1f} images/s")
    for row in rows[2:]:
        for base in rows[:2]:
            shares = [a / b for a, b in zip(row.rates, base.rates, strict=True)]
            share, least, most = statistics.median(shares), min(shares), max(shares)
            say(f"{row.name} / {base.name}: {share:.2f} ({least:.2f} to {most:.2f})")


def main(
    cfg: str,
    weights: str = "random",
    thresh: str = "0.25",
    clients: str = str(CLIENTS),
    requests: str = str(REQUESTS),
    rounds: str = str(ROUNDS),
) -> None:
    least, count = float(thresh), int(requests)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        detector = open_detector(cfg, None if weights == "random" else weights, folder)
        weights = f"{folder}/random.weights" if weights == "random" else weights
        images = mixed_images(IMAGES)
        for image in images:
            Path(folder, image.name).write_bytes(image.data)
        order = shuffled(images, count)
        paths = [str(Path(folder, images[number].name)) for number in order]
        known = exchanges_of(detector, images, least)
        exchanges = [known[number] for number in order]
        say(f"{cfg}: {clients} clients, {count} requests, {torch.get_num_threads()} threads")
        first_answer(cfg, weights, (), images[0].data)
        flags = {"serve": (), "serve, --batch 1": ("--batch", "1")}
        servers = {
            name: stack.enter_context(server_process(cfg, weights, more))
            for name, more in flags.items()
        }
        for server in servers.values():
            load(server.port, exchanges[:WARM_UP], int(clients))
        rows = [
            Row(
                "folder, written",
                lambda: rate(count, partial(detecting, detector, paths, least, folder)),
            ),
            Row(
                "folder, results alone", lambda: rate(count, partial(alone, detector, paths, least))
            ),
            *(
                Row(name, partial(serving, name, server, exchanges, int(clients)))
                for name, server in servers.items()
            ),
        ]
        alone(detector, paths[:WARM_UP], least)
        compare(rows, int(rounds))


if __name__ == "__main__":
    main(*sys.argv[1:])
