"""Engines side by side: opened, warmed up, timed in turns, compared."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor

from darknet_py.benchmark.bench_inputs import input_of
from darknet_py.benchmark.entries import Entry
from darknet_py.benchmark.machine import engine_version
from darknet_py.benchmark.peak_memory import Meter
from darknet_py.benchmark.timing import (
    Latency,
    latency,
    plan_blocks,
    ratio,
    take_turns,
    warmed_up,
)
from darknet_py.engines.engine import Engine, open_engine
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network
from darknet_py.progress import Progress


@dataclass(frozen=True)
class TimingConfig:
    """What is the same for all entries: where they run and for how long."""

    device: torch.device
    threads: int | None = None
    runs: int | None = None
    seconds: float | None = None
    seed: int = 0


@dataclass(frozen=True)
class Failure:
    """An entry that could not be opened or run, and why, in one line."""

    entry: Entry
    error: str


@dataclass(frozen=True)
class ReadyEntry:
    """An entry ready to be timed. estimate: seconds of a call; heads: those of its first call."""

    entry: Entry
    engine: Engine
    heads: list[Tensor]
    prepare_s: float
    first_call_s: float
    memory_bytes: int | None
    estimate: float


@dataclass(frozen=True)
class BenchmarkRow:
    """One entry's metrics.

    compiled: whether torch really compiled. ratio: to the first entry of the same batch size, the
    median of pairs of calls; ratio_to_fastest likewise. difference: the largest of all head values
    to the first entry's; None where that is not finite. memory_bytes: at the peak of opening and
    the first calls, beyond what the program had; None where the system does not say.
    """

    entry: Entry
    version: str
    compiled: bool
    latency: Latency
    images_per_s: float
    ratio: float
    ratio_to_fastest: float
    prepare_s: float
    first_call_s: float
    memory_bytes: int | None
    difference: float | None


@dataclass
class EngineRuns:
    """All rows in the order of the entries, and what failed."""

    rows: list[BenchmarkRow] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


def compare_engines(
    network: Network, entries: Sequence[Entry], config: TimingConfig, progress: Progress
) -> EngineRuns:
    """Rows and failures of all entries; those of one batch size take turns."""
    measured = EngineRuns()
    for batch in dict.fromkeys(entry.batch for entry in entries):
        group = [entry for entry in entries if entry.batch == batch]
        x = input_of(network.graph, batch, config.device, config.seed)
        ready: list[ReadyEntry] = []
        for entry in progress(group, len(group), f"batch {batch}: opening"):
            one = _ready_or_failure(network, entry, x, config)
            if isinstance(one, Failure):
                measured.failures.append(one)
            else:
                ready.append(one)
        if ready:
            measured.rows += _timed(ready, x, config, progress)
    return measured


def _ready_or_failure(
    network: Network, entry: Entry, x: Tensor, config: TimingConfig
) -> ReadyEntry | Failure:
    try:
        return _ready_entry(network, entry, x, config)
    except Exception as error:  # noqa: BLE001
        # Other people's runtimes raise anything; the others' metrics must not be lost with it.
        return Failure(entry, error_line(error))


def error_line(error: Exception) -> str:
    """What went wrong in one line; our own errors say it without their type."""
    if isinstance(error, DarknetError):
        return str(error)
    return " ".join(f"{type(error).__name__}: {error}".split())


def _ready_entry(network: Network, entry: Entry, x: Tensor, config: TimingConfig) -> ReadyEntry:
    meter = Meter(config.device)
    start = time.perf_counter()
    engine = open_engine(network, entry.config(str(config.device), config.threads))
    if engine.config.precision != entry.precision:
        message = f"this processor has no instructions for {entry.precision}"
        raise DarknetError(f"{message}; leave it out of --precision")
    engine.prepare(entry.batch)
    made = time.perf_counter()
    x = x.contiguous(memory_format=engine.layout)
    heads = [head.cpu() for head in engine(x)]
    first = time.perf_counter()
    estimate = warmed_up(partial(engine, x))
    return ReadyEntry(entry, engine, heads, made - start, first - made, meter.growth(), estimate)


def _timed(
    ready: Sequence[ReadyEntry], x: Tensor, config: TimingConfig, progress: Progress
) -> list[BenchmarkRow]:
    works = [partial(each.engine, _in_layout(x, each.engine)) for each in ready]
    blocks = plan_blocks([each.estimate for each in ready], config.runs, config.seconds)
    times = take_turns(works, blocks, progress, f"batch {len(x)}: timing")
    return rows_of(ready, times)


def _in_layout(x: Tensor, engine: Engine) -> Tensor:
    return x.contiguous(memory_format=engine.layout)


def rows_of(ready: Sequence[ReadyEntry], times: Sequence[Sequence[float]]) -> list[BenchmarkRow]:
    """The metrics of entries of one batch size; times: seconds, call by call, of each."""
    latencies = [latency(seconds) for seconds in times]
    fastest = min(range(len(latencies)), key=lambda number: latencies[number].median_ms)
    return [
        BenchmarkRow(
            entry=each.entry,
            version=engine_version(each.entry.engine),
            compiled=each.engine.compiled,
            latency=own,
            images_per_s=1000 * each.entry.batch / own.median_ms,
            ratio=ratio(seconds, times[0]),
            ratio_to_fastest=ratio(seconds, times[fastest]),
            prepare_s=each.prepare_s,
            first_call_s=each.first_call_s,
            memory_bytes=each.memory_bytes,
            difference=difference(each.heads, ready[0].heads),
        )
        for each, seconds, own in zip(ready, times, latencies, strict=True)
    ]


def difference(heads: Sequence[Tensor], others: Sequence[Tensor]) -> float | None:
    """The largest difference of two lists of heads; None if it is not finite."""
    largest = max(float((a - b).abs().max()) for a, b in zip(heads, others, strict=True))
    return largest if math.isfinite(largest) else None
