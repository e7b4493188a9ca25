"""Time by layer and by kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
import torch
from support import tiny_detector

from darknet_py.benchmark.bench_inputs import input_of
from darknet_py.benchmark.layers import layer_times, time_layers
from darknet_py.network.graph import Graph, read_graph
from darknet_py.network.network import load_network

T = TypeVar("T")
CPU = torch.device("cpu")


def silent(items: Iterable[T], total: int, label: str) -> Iterator[T]:
    yield from items


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return tiny_detector.files(tmp_path)


@pytest.fixture
def graph(files: tuple[Path, Path]) -> Graph:
    return read_graph(files[0])


def test_layers_are_timed_one_by_one(files: tuple[Path, Path]) -> None:
    network, _ = load_network(*files)
    x = input_of(network.graph, 2, CPU, 0)
    found = time_layers(network, x, torch.bfloat16, 3, silent)
    assert [(layer.index, layer.kind) for layer in found] == [
        (0, "convolutional"),
        (1, "convolutional"),
        (2, "yolo"),
    ]
    assert all(layer.ms > 0 for layer in found)
    assert sum(layer.share for layer in found) == pytest.approx(1)
    assert (found[0].filters, found[0].size, found[0].output) == ("8", "3 x 3/ 2", (8, 16, 32))


def test_what_the_seconds_of_layers_mean(graph: Graph) -> None:
    found = layer_times(graph, [0.001, 0.002, 0.001], batch=2)
    assert [layer.share for layer in found] == [0.25, 0.5, 0.25]
    assert [layer.ms for layer in found] == [1, 2, 1]
    operations = 2 * 8 * 3 * 9 * 16 * 32
    assert found[0].flops_per_s == pytest.approx(2 * operations / 0.001)
