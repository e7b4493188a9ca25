"""Darknet's `ops` and `speed`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from support import tiny_detector

from darknet_py.benchmark.speed import operations, ops_lines, speed_lines
from darknet_py.engines.table import EngineConfig
from darknet_py.network.graph import Graph, read_graph

T = TypeVar("T")


def silent(items: Iterable[T], total: int, label: str) -> Iterator[T]:
    yield from items


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return tiny_detector.files(tmp_path)


@pytest.fixture
def graph(files: tuple[Path, Path]) -> Graph:
    return read_graph(files[0])


class Clock:
    """Moves by a step every time it is read."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@pytest.mark.parametrize(("tics", "counted"), [(4, 4), (0, 1000)])
def test_speed_prints_pjreddies_lines(files: tuple[Path, Path], tics: int, counted: int) -> None:
    graph = read_graph(files[0], fork="pjreddie")
    lines = speed_lines(graph, tics, EngineConfig(), silent, Clock(2.0))
    operations = 2 * 16 * 32 * (8 * 3 * 9 + 16 * 8)
    assert lines == [
        f"\n{counted} evals, 2.000000 Seconds",
        f"Floating Point Operations: {operations / 1e9:.2f} Bn",
        f"FLOPS: {operations * counted / 2 / 1e9:.2f} Bn",
        f"Speed: {2 / counted:f} sec/eval",
        f"Speed: {counted / 2:f} Hz",
    ]


def test_speed_prints_alexeyabs_lines(graph: Graph) -> None:
    assert speed_lines(graph, 4, EngineConfig(), silent, Clock(2.0)) == [
        "\n4 evals, 2.000000 Seconds",
        "Speed: 0.500000 sec/eval",
        "Speed: 2.000000 Hz",
    ]


CFGS = Path(__file__).resolve().parents[2] / "cfg"
NET = "[net]\nwidth=8\nheight=6\nchannels=4\n"
CONV = "[conv]\nfilters=8\nsize=3\nstride=2\npad=1\nactivation=linear\n"
VECTORS = "[net]\ninputs=5\ntime_steps=1\n"


@pytest.mark.parametrize(
    ("sections", "count"),
    [
        (NET + CONV, 2 * 8 * 9 * 4 * (4 * 3)),
        (NET + CONV + "xnor=1\n", 2 * 8 * 9 * 4 * (4 * 3)),
        # Pools, shortcuts and joins are left out.
        (NET + CONV + "[maxpool]\nsize=2\nstride=2\n[route]\nlayers=-1,-1\n", 2 * 8 * 9 * 4 * 12),
        (NET + "[connected]\noutput=7\n", 2 * (8 * 6 * 4) * 7),
        (VECTORS + "[rnn]\noutput=3\nhidden=4\n", 2 * (5 * 4 + 4 * 4 + 4 * 3)),
        (VECTORS + "[gru]\noutput=3\n", 2 * 3 * (5 * 3 + 3 * 3)),
        (VECTORS + "[lstm]\noutput=3\n", 2 * 4 * (5 * 3 + 3 * 3)),
        (NET + "[crnn]\noutput=2\nhidden=2\npad=1\n", 0),
    ],
)
def test_count(sections: str, count: int, tmp_path: Path) -> None:
    cfg = tmp_path / "n.cfg"
    cfg.write_text(sections)
    assert operations(read_graph(cfg)) == count


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_alexeyabs_program_forgets_groups(groups: int, tmp_path: Path) -> None:
    """In `ops`; its table of layers has them, as pjreddie's `ops`."""
    cfg, full = tmp_path / "n.cfg", 2 * 8 * 9 * 4 * (4 * 3)
    cfg.write_text(f"{NET}{CONV}groups={groups}\n")
    graph = read_graph(cfg)
    assert operations(graph) == full
    assert operations(read_graph(cfg, fork="pjreddie")) == full / groups
    assert graph.nodes[0].layer.flops(graph.context(0), graph.nodes[0].out) == full / groups


def test_lines() -> None:
    graph = read_graph(CFGS / "yolov3.cfg", width=416, height=416)
    assert ops_lines(graph) == [
        "Floating Point Operations: 65864075264",
        "Floating Point Operations: 65.86 Bn",
    ]
