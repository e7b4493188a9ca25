"""Engines side by side: rows, ratios, differences, failures."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
import torch
from support import fake_engine, tiny_detector

from darknet_py.benchmark.engine_runs import (
    ReadyEntry,
    TimingConfig,
    compare_engines,
    difference,
    rows_of,
)
from darknet_py.benchmark.entries import Entry
from darknet_py.engines.engine import open_engine
from darknet_py.network.network import Network, load_network

T = TypeVar("T")
CONFIG = TimingConfig(torch.device("cpu"), runs=3)


def silent(items: Iterable[T], total: int, label: str) -> Iterator[T]:
    yield from items


@pytest.fixture
def network(tmp_path: Path) -> Network:
    return load_network(*tiny_detector.files(tmp_path))[0]


def test_rows_of_all_batches_and_engines(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_engine.add_to_table(monkeypatch, "shifted")
    entries = [Entry(name, batch=batch) for batch in (1, 2) for name in ("torch", "shifted")]
    measured = compare_engines(network, entries, CONFIG, silent)
    assert [row.entry for row in measured.rows] == entries
    assert measured.failures == []
    for row in measured.rows:
        assert row.latency.calls == 3
        assert row.images_per_s == pytest.approx(1000 * row.entry.batch / row.latency.median_ms)
        assert row.prepare_s > 0
        assert row.first_call_s > 0
        assert row.memory_bytes is None or row.memory_bytes >= 0
        expected = fake_engine.OFFSET if row.entry.engine == "shifted" else 0.0
        assert row.difference == pytest.approx(expected, abs=1e-5)
    # 1 first, 3 to warm up, at least 1 to settle before each block, 3 counted; all channels last.
    assert {call[1:] for call in fake_engine.CALLS} == {
        ((1, 3, 32, 64), True),
        ((2, 3, 32, 64), True),
    }
    assert len(fake_engine.CALLS) >= 2 * 8


def test_failures_leave_the_others_alone(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("refusing", "breaking", "missing", "half")
    fake_engine.add_to_table(monkeypatch, *names)
    measured = compare_engines(network, [Entry(name) for name in (*names, "torch")], CONFIG, silent)
    assert [row.entry.engine for row in measured.rows] == ["torch"]
    assert {failure.entry.engine: failure.error for failure in measured.failures} == {
        "refusing": "no such device; use another",
        "breaking": "ArithmeticError: kernel lost",
        "missing": "engine missing needs no_such_module; pip install no_such_module",
        "half": "unknown precision 'fp32' for engine half, known are fp16; engines with fp32: "
        "breaking, missing, refusing, torch",
    }


def ready_entry(network: Network, entry: Entry, *heads: torch.Tensor) -> ReadyEntry:
    engine = open_engine(network, dataclasses.replace(entry, compiled=False).config("cpu", None))
    return ReadyEntry(entry, engine, list(heads), 0.5, 0.25, 1024, 0.01)


def test_metrics_of_known_times(network: Network) -> None:
    zeros, ones = torch.zeros(2, 3), torch.ones(2, 3)
    ready = [
        ready_entry(network, Entry("torch", batch=4), zeros),
        ready_entry(network, Entry("torch", "bf16", True, 4), ones / 8),
    ]
    slow, fast = rows_of(ready, [[0.030, 0.020, 0.040], [0.010, 0.020, 0.010]])
    assert (slow.latency.median_ms, fast.latency.median_ms) == (pytest.approx(30), 10)
    assert (slow.images_per_s, fast.images_per_s) == (pytest.approx(4 / 0.030), 400)
    # Pairs: 1/3, 1, 1/4 against the first; 3, 1, 4 against the fastest.
    assert (slow.ratio, fast.ratio) == (1, pytest.approx(1 / 3))
    assert (slow.ratio_to_fastest, fast.ratio_to_fastest) == (pytest.approx(3), 1)
    assert (slow.difference, fast.difference) == (0, 0.125)
    assert (slow.prepare_s, slow.first_call_s, slow.memory_bytes) == (0.5, 0.25, 1024)
    assert slow.version == torch.__version__
    # Asked for compiled, but the engine says it is not.
    assert (fast.entry.compiled, fast.compiled) == (True, False)


def test_a_difference_that_is_not_finite_is_none() -> None:
    assert difference([torch.tensor([1.0, 5.0])], [torch.tensor([1.5, 2.0])]) == 3
    assert difference([torch.tensor([float("nan")])], [torch.tensor([1.0])]) is None
    assert difference([torch.tensor([float("inf")])], [torch.tensor([1.0])]) is None
