"""What each measurement of a benchmark is given, and where its numbers go."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from support import tiny_detector

from darknet_py.benchmark import bench_session
from darknet_py.benchmark.engine_runs import TimingConfig
from darknet_py.benchmark.entries import Entry
from darknet_py.network.graph import Graph, read_graph
from darknet_py.network.summary import summarize
from darknet_py.options.benchmarking import BenchmarkOptions

CPU = torch.device("cpu")
ENTRY = Entry("torch", "bf16", batch=3)


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    return read_graph(tiny_detector.files(tmp_path)[0])


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[Any, ...]]:
    """What each part of the measuring was called with; none of them measures."""
    calls: dict[str, tuple[Any, ...]] = {}

    def stand_in(name: str, result: Any) -> None:
        def call(*given: Any) -> Any:
            calls[name] = given
            return result

        monkeypatch.setattr(bench_session, name, call)

    row = SimpleNamespace(entry=ENTRY)
    stand_in("compare_engines", SimpleNamespace(rows=[row], failures=["none"]))
    stand_in("time_parts", "parts")
    stand_in("time_layers", "layers")
    stand_in("open_engine", "engine")
    stand_in("image_of", "image")
    peaks = iter([1.0, 8.0, 4.0, 2.0])
    monkeypatch.setattr(bench_session, "matmul_peak", lambda device, dtype: next(peaks))
    return calls


def test_the_report_of_all_measurements(graph: Graph, given: dict[str, tuple[Any, ...]]) -> None:
    options = BenchmarkOptions(
        cfg="n.cfg", precision=("bf16",), batch=(3, 2), parts=True, layers=True, seed=4, runs=7
    )
    report = bench_session.measure(options, [ENTRY], graph, None, CPU)
    assert (report.cfg, report.weights, report.seed, report.fork) == ("n.cfg", None, 4, "alexeyab")
    assert (report.input, report.rows[0].entry) == (graph.net.input, ENTRY)
    assert report.flops == 1e9 * summarize(graph).totals.all_bflops
    assert report.peaks == {"fp32": 4.0, "bf16": 8.0}, "the better of both times"
    assert (report.parts, report.layers, report.failures) == ("parts", "layers", ["none"])
    config = TimingConfig(CPU, None, 7, None, 4)
    assert given["compare_engines"][1:3] == ([ENTRY], config)


def test_parts_are_of_one_image_and_layers_of_the_first_batch(
    graph: Graph, given: dict[str, tuple[Any, ...]]
) -> None:
    options = BenchmarkOptions(
        cfg="n.cfg",
        precision=("bf16", "fp32"),
        batch=(3, 2),
        parts=True,
        layers=True,
        image="a",
    )
    bench_session.measure(options, [ENTRY], graph, None, CPU)
    assert given["image_of"] == ("a", 0)
    assert given["open_engine"][1] == ENTRY.config("cpu", None)
    assert given["time_parts"][:5] == ("engine", "torch bf16", "image", None, 4)
    _, x, dtype, passes, _ = given["time_layers"]
    assert (x.shape, dtype, passes) == ((3, *graph.net.input), torch.bfloat16, 20)
    assert x.is_contiguous(memory_format=torch.channels_last)


def test_what_is_not_asked_for_is_not_measured(
    graph: Graph, given: dict[str, tuple[Any, ...]]
) -> None:
    report = bench_session.measure(BenchmarkOptions(cfg="n.cfg"), [ENTRY], graph, None, CPU)
    assert (report.parts, report.layers, list(given)) == (None, (), ["compare_engines"])


def test_layers_alone(graph: Graph, given: dict[str, tuple[Any, ...]]) -> None:
    options = BenchmarkOptions(cfg="n.cfg", runs=5)
    assert bench_session.measure_layers(options, graph, None, CPU) == "layers"
    assert list(given) == ["time_layers"]
    assert given["time_layers"][2:4] == (torch.float32, 5)
