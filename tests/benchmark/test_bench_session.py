"""What a benchmark runs on and what it measures beside the engines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import pytest
import torch
from support import tiny_detector

from darknet_py.benchmark import peak_flops, peak_memory
from darknet_py.benchmark.bench_inputs import drawn_image, input_of, network_of, random_network
from darknet_py.benchmark.bench_session import using_threads
from darknet_py.benchmark.layers import layer_times, time_layers
from darknet_py.benchmark.machine import engine_version, machine
from darknet_py.benchmark.parts import time_parts
from darknet_py.benchmark.peak_flops import matmul_peak
from darknet_py.benchmark.peak_memory import Meter
from darknet_py.benchmark.speed import speed_lines
from darknet_py.engines.engine import open_engine
from darknet_py.engines.table import EngineConfig
from darknet_py.images.io import open_image
from darknet_py.network.graph import Graph, read_graph
from darknet_py.network.network import Network, load_network
from darknet_py.network.weights_layout import plan

T = TypeVar("T")
CPU = torch.device("cpu")
CFGS = Path(__file__).resolve().parents[2] / "cfg"
CLASSIFIER = """[net]
width=8
height=8
channels=3
[conv]
filters=4
size=1
activation=linear
[avgpool]
[softmax]
"""


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


def test_random_networks_follow_the_seed(graph: Graph) -> None:
    first, again, other = (random_network(graph, seed).own(0)["weights"] for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("name", ["yolov3-tiny", "yolov4-tiny", "darknet19", "enet-coco"])
def test_values_of_random_networks_stay_in_range(name: str) -> None:
    graph = read_graph(CFGS / f"{name}.cfg", width=64, height=64)
    with torch.inference_mode():
        heads = random_network(graph, 0)(input_of(graph, 1, CPU, 0))
    for head in heads:
        assert head.isfinite().all()
        assert 1e-4 < float(head.abs().mean()) < 1e4


def test_weights_are_those_of_the_file(files: tuple[Path, Path], graph: Graph) -> None:
    network, notes = network_of(graph, plan(graph, files[1]), 0)
    expected, _ = load_network(*files)
    assert torch.equal(network.own(1)["weights"], expected.own(1)["weights"])
    assert notes == ()


def test_the_input_is_the_same_every_time(graph: Graph) -> None:
    x = input_of(graph, 2, CPU, 3)
    assert x.shape == (2, 3, 32, 64)
    assert 0 <= float(x.min()) < float(x.max()) <= 1
    assert torch.equal(x, input_of(graph, 2, CPU, 3))
    assert not torch.equal(x, input_of(graph, 2, CPU, 4))


def test_the_drawn_image_is_like_a_photograph() -> None:
    image = drawn_image(0)
    assert image.data == drawn_image(0).data
    pixels = image.decode(3)
    assert pixels.shape == (576, 768, 3)
    # Photographs take 1 to 3 bits a pixel at this quality, and neighbours are alike.
    assert 1 < 8 * len(image.data) / (576 * 768) < 3
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    assert np.corrcoef(grey[:, 1:].ravel(), grey[:, :-1].ravel())[0, 1] > 0.9


def test_parts_of_an_image(files: tuple[Path, Path], tmp_path: Path) -> None:
    network, _ = load_network(*files)
    (path,) = tiny_detector.save(tmp_path, "a.jpg")
    engine = open_engine(network, EngineConfig())
    found = time_parts(engine, "torch fp32", open_image(path), 2, None, silent)
    assert [part.name for part in found.parts] == ["decode", "preprocess", "forward", "boxes"]
    assert all(part.ms > 0 for part in found.parts)
    assert found.total_ms == pytest.approx(sum(part.ms for part in found.parts))
    assert (found.image, found.width, found.height) == (str(path), 50, 40)
    from darknet_py.detect.detector import Detector

    result = Detector(network, ["a", "b", "c"])(path)
    assert found.boxes == len(result.boxes.confidence)  # type: ignore[union-attr]


def test_a_classifier_has_no_boxes(tmp_path: Path) -> None:
    cfg = tmp_path / "c.cfg"
    cfg.write_text(CLASSIFIER)
    engine = open_engine(Network.from_cfg(cfg, seed=0), EngineConfig())
    found = time_parts(engine, "torch fp32", drawn_image(0), 2, None, silent)
    assert [part.name for part in found.parts] == ["decode", "preprocess", "forward"]
    assert found.boxes is None


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


def test_the_peak_is_the_best_of_all_sizes() -> None:
    # Every product takes as long, so the largest size that is tried has the best rate; at the rate
    # of 8 one of 32 would last 0.64 s, which is too long.
    found = matmul_peak(CPU, torch.float32, (4, 8, 32), Clock(0.01))
    assert found == pytest.approx(2 * 8**3 / 0.01)


def test_the_peak_of_this_machine() -> None:
    found = matmul_peak(CPU, torch.float32, (64, 128))
    assert found > 1e8


def test_a_product_is_not_counted_the_first_time(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(peak_flops, "_multiply", lambda a, b, out: seen.append(a.dtype))
    matmul_peak(CPU, torch.bfloat16, (4,), Clock(1.0))
    assert seen == [torch.bfloat16] * (1 + peak_flops.FEWEST)


def test_the_meter_sees_what_was_taken_and_given_back() -> None:
    meter = Meter(CPU)
    if not peak_memory.RESET.exists():
        pytest.skip("peaks of memory start again on Linux only")
    block = np.ones(64 << 20, np.uint8)  # so large that malloc gives it back at once
    del block
    growth = meter.growth()
    assert growth is not None
    assert 60 << 20 < growth < 80 << 20  # Linux counts pages by the dozen
    later = Meter(CPU).growth()
    assert later is not None
    assert later < 16 << 20


def test_the_meter_without_linux(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(peak_memory, "RESET", tmp_path / "none" / "none")
    monkeypatch.setattr(peak_memory, "STATUS", tmp_path / "none")
    growth = Meter(CPU).growth()
    assert growth is not None
    assert 0 <= growth < 16 << 20
    monkeypatch.setattr(peak_memory, "_most_resident", lambda: None)
    assert Meter(CPU).growth() is None


def test_the_machine() -> None:
    found = machine(CPU)
    assert (found.device, found.torch) == ("cpu", torch.__version__)
    assert found.threads == torch.get_num_threads()
    assert found.processors >= 1
    assert engine_version("torch") == torch.__version__


def test_threads_come_back() -> None:
    before = torch.get_num_threads()
    with using_threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
    with using_threads(None):
        assert torch.get_num_threads() == before


@pytest.mark.parametrize(("tics", "counted"), [(4, 4), (0, 1000)])
def test_speed_prints_darknets_lines(graph: Graph, tics: int, counted: int) -> None:
    lines = speed_lines(graph, tics, EngineConfig(), silent, Clock(2.0))
    operations = 2 * 16 * 32 * (8 * 3 * 9 + 16 * 8)
    assert lines == [
        f"\n{counted} evals, 2.000000 Seconds",
        f"Floating Point Operations: {operations / 1e9:.2f} Bn",
        f"FLOPS: {operations * counted / 2 / 1e9:.2f} Bn",
        f"Speed: {2 / counted:f} sec/eval",
        f"Speed: {counted / 2:f} Hz",
    ]
