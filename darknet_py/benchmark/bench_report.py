"""What a benchmark found, as a table and as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from darknet_py.benchmark.engine_runs import BenchmarkRow, Failure
from darknet_py.benchmark.layers import LayerTime, by_kind, layer_lines
from darknet_py.benchmark.machine import Machine
from darknet_py.benchmark.parts import Parts
from darknet_py.files import encoded, replacing
from darknet_py.layers.shape import Shape


@dataclass(frozen=True)
class Report:
    """weights: the file; None for random ones made from the seed. flops: of one image. peaks:
    FLOP/s of a product of matrices by precision."""

    cfg: str
    weights: str | None
    seed: int
    fork: str
    input: Shape
    flops: float
    machine: Machine
    peaks: Mapping[str, float]
    rows: Sequence[BenchmarkRow]
    failures: Sequence[Failure]
    parts: Parts | None = None
    layers: Sequence[LayerTime] = ()

    @property
    def title(self) -> str:
        size = f"{self.input.w} x {self.input.h}"
        return f"{Path(self.cfg).name} {size}, {self.flops / 1e9:.2f} BFLOPs an image"

    def flops_per_s(self, row: BenchmarkRow) -> float:
        return self.flops * row.images_per_s

    def peak_share(self, row: BenchmarkRow) -> float:
        """Of the matmul peak of its precision.

        A CPU without instructions for a precision multiplies its matrices a hundred times slower
        than in fp32, which it could as well convert them to: that is its peak then.
        """
        peak = max(self.peaks[row.entry.precision], self.peaks["fp32"])
        return self.flops_per_s(row) / peak

    def lines(self) -> Iterator[str]:
        """All that is printed."""
        yield from _header(self)
        for batch in dict.fromkeys(row.entry.batch for row in self.rows):
            rows = [row for row in self.rows if row.entry.batch == batch]
            yield ""
            yield f"batch {batch}: {rows[0].latency.calls} calls of each, in turns"
            yield from _table(self, rows)
        if self.parts:
            yield ""
            yield from _parts_lines(self.parts)
            if self.weights is None:
                yield "  (random weights find boxes everywhere: give WEIGHTS for true ones)"
        if self.layers:
            yield ""
            yield from layer_lines(self.layers)

    def save(self, path: Path) -> None:
        """Write the JSON; the file appears whole or not at all."""
        text = json.dumps(self.to_json(), indent=1, allow_nan=False)
        with replacing(path) as file:
            file.write(encoded(f"{text}\n"))

    def to_json(self) -> dict[str, Any]:
        """{cfg, weights, seed, fork, input, flops, machine, matmul_flops_per_s, engines, failed},
        and parts, layers and kinds where they were asked for.

        Times are in the unit their names end in; flops are those of one image.
        """
        facts: dict[str, Any] = {
            "darknet_py": self.machine.darknet_py,
            "cfg": self.cfg,
            "weights": self.weights,
            "seed": self.seed,
            "fork": self.fork,
            "input": list(self.input),
            "flops": self.flops,
            "machine": dataclasses.asdict(self.machine),
            "matmul_flops_per_s": dict(self.peaks),
            "engines": [_row_json(self, row) for row in self.rows],
            "failed": [_failure_json(failure) for failure in self.failures],
        }
        if self.parts:
            facts["parts"] = _parts_json(self.parts)
        if self.layers:
            facts["layers"] = [dataclasses.asdict(layer) for layer in self.layers]
            facts["kinds"] = [dataclasses.asdict(kind) for kind in by_kind(self.layers)]
        return facts


def _row_json(report: Report, row: BenchmarkRow) -> dict[str, Any]:
    facts = dataclasses.asdict(row)
    entry, latency = facts.pop("entry"), facts.pop("latency")
    identity = {"engine": entry["engine"], "precision": entry["precision"]}
    identity |= {"compiled": facts.pop("compiled"), "batch": entry["batch"]}
    speed = {"flops_per_s": report.flops_per_s(row), "peak_share": report.peak_share(row)}
    return identity | latency | facts | speed


def _failure_json(failure: Failure) -> dict[str, Any]:
    facts = dataclasses.asdict(failure.entry)
    del facts["named"]
    return facts | {"compiled": bool(failure.entry.compiled), "error": failure.error}


def _parts_json(parts: Parts) -> dict[str, Any]:
    facts = dataclasses.asdict(parts)
    facts["entry"] = facts.pop("label")
    facts["parts"] = {f"{part.name}_ms": part.ms for part in parts.parts}
    return facts | {"total_ms": parts.total_ms}


def _header(report: Report) -> Iterator[str]:
    machine = report.machine
    weights = report.weights or f"random weights (seed {report.seed})"
    yield f"{report.title}, {weights}, fork {report.fork}"
    yield f"{machine.cpu}, {machine.threads} of {machine.processors} threads; on {machine.device}"
    yield f"darknet-py {machine.darknet_py}, torch {machine.torch}, python {machine.python}"
    peaks = (f"{name} {peak / 1e9:.1f} GFLOP/s" for name, peak in report.peaks.items())
    yield f"product of matrices at best: {', '.join(peaks)}"


class Column(NamedTuple):
    title: str
    width: int
    text: Callable[[Report, BenchmarkRow], str]


def _mebibytes(count: int | None) -> str:
    return "-" if count is None else f"{count / 2**20:.0f}"


def _exponential(value: float | None) -> str:
    return "-" if value is None else f"{value:.1e}"


def _name(row: BenchmarkRow) -> str:
    """What ran: an entry that was to be compiled and was not says so."""
    if row.entry.compiled and not row.compiled:
        return f"{row.entry.label} (not: eager)"
    as_usual = row.entry.compiled is None and row.compiled
    return f"{row.entry.label} compiled" if as_usual else row.entry.label


COLUMNS = (
    Column("median ms", 9, lambda _, row: f"{row.latency.median_ms:.2f}"),
    Column("min", 8, lambda _, row: f"{row.latency.min_ms:.2f}"),
    Column("p90", 8, lambda _, row: f"{row.latency.p90_ms:.2f}"),
    Column("p99", 8, lambda _, row: f"{row.latency.p99_ms:.2f}"),
    Column("images/s", 8, lambda _, row: f"{row.images_per_s:.1f}"),
    Column("ratio", 6, lambda _, row: f"{row.ratio_to_fastest:.2f}"),
    Column("GFLOP/s", 8, lambda report, row: f"{report.flops_per_s(row) / 1e9:.1f}"),
    Column("of peak", 7, lambda report, row: f"{report.peak_share(row):.0%}"),
    Column("open s", 6, lambda _, row: f"{row.prepare_s:.2f}"),
    Column("1st s", 6, lambda _, row: f"{row.first_call_s:.2f}"),
    Column("MiB", 6, lambda _, row: _mebibytes(row.memory_bytes)),
    Column("differs", 8, lambda _, row: _exponential(row.difference)),
)
"""The table. ratio is to the fastest; differs is by how much a head's values miss the first's."""


def _table(report: Report, rows: Sequence[BenchmarkRow]) -> Iterator[str]:
    names = [_name(row) for row in rows]
    room = max(len(name) for name in names)
    yield " ".join([" " * room, *(f"{column.title:>{column.width}}" for column in COLUMNS)])
    for name, row in zip(names, rows, strict=True):
        cells = (f"{column.text(report, row):>{column.width}}" for column in COLUMNS)
        yield " ".join([f"{name:{room}}", *cells])


def _parts_lines(parts: Parts) -> Iterator[str]:
    size = f"{parts.width} x {parts.height}"
    yield f"one image, {parts.label}: {parts.image}, {size}"
    for part in parts.parts:
        yield f"  {part.name:10} {part.ms:9.3f} ms {part.ms / parts.total_ms:6.1%}"
    boxes = "no detection head" if parts.boxes is None else f"{parts.boxes} boxes"
    yield f"  {'all':10} {parts.total_ms:9.3f} ms, {boxes}"
