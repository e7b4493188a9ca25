"""Rows of a benchmark with the times that are asked for."""

from __future__ import annotations

import dataclasses

from darknet_py.benchmark.engine_runs import BenchmarkRow
from darknet_py.benchmark.entries import Entry
from darknet_py.benchmark.timing import Latency


def row(
    engine: str, precision: str, median: float, batch: int = 1, **changes: object
) -> BenchmarkRow:
    entry = Entry(engine, precision, compiled=bool(changes.pop("asked", False)), batch=batch)
    latency = Latency(50, median - 1, median, median, median + 1, median + 2, median + 0.5)
    found = BenchmarkRow(
        entry, "1.2", False, latency, 1000 * batch / median, 1.0, 2.5, 0.5, 0.25, 2**20, 0.0
    )
    return dataclasses.replace(found, **changes)
