"""What a benchmark runs on: a network, its input, and an image."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from support import tiny_detector

from darknet_py.benchmark.bench_inputs import drawn_image, input_of, network_of, random_network
from darknet_py.network.graph import Graph, read_graph
from darknet_py.network.network import load_network
from darknet_py.network.weights_layout import plan

CPU = torch.device("cpu")
CFGS = Path(__file__).resolve().parents[2] / "cfg"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return tiny_detector.files(tmp_path)


@pytest.fixture
def graph(files: tuple[Path, Path]) -> Graph:
    return read_graph(files[0])


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
