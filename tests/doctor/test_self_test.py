"""The self-test finds wrong numbers, and devices that fail."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from darknet_py.benchmark.speed import operations
from darknet_py.doctor import self_test as room
from darknet_py.doctor.known_network import known_images, known_network
from darknet_py.doctor.self_test import CHECKSUM, LOSS, WRONG, self_test
from darknet_py.network.graph import read_graph

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "speed", lambda: {"ms_per_image": 1.0})


@pytest.mark.usefixtures("quick")
def test_the_numbers_are_right_here() -> None:
    found = self_test()
    assert (found.issues, found.remarks) == ((), ())
    output, loss = found.facts["output"], found.facts["training_loss"]
    assert isinstance(output, dict) and isinstance(loss, dict) and isinstance(output["cpu"], dict)
    assert output["cpu"]["found"] == pytest.approx(CHECKSUM, rel=1e-5)
    assert loss["found"] == pytest.approx(LOSS, rel=1e-5)
    assert output["cpu"]["right"] and loss["right"]
    assert found.facts["speed"] == {"ms_per_image": 1.0}


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("factor", [1.0005, 0.9995, float("nan")])
def test_wrong_numbers_are_an_issue(factor: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_output", lambda device: CHECKSUM * factor)
    monkeypatch.setattr(room, "_loss", lambda: LOSS * factor)
    found = self_test()
    assert found.issues == (f"cpu: {WRONG}", f"training: {WRONG}")


def test_the_checksum_notices_a_weight() -> None:
    network = known_network()
    assert room.checksum(network(known_images())) == pytest.approx(CHECKSUM, rel=1e-5)
    with torch.no_grad():
        next(iter(network.parameters())).flatten()[0] += 0.1
    assert abs(room.checksum(network(known_images())) - CHECKSUM) > room.TOLERANCE * CHECKSUM


def test_a_device_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def output(device: str) -> float:
        if device == "cuda:1":
            raise RuntimeError("CUDA error: no kernel image\nmore")
        return CHECKSUM

    def speed() -> None:
        raise RuntimeError("out of memory\nmore")

    monkeypatch.setattr(room, "_devices", lambda: ["cpu", "cuda:0", "cuda:1"])
    monkeypatch.setattr(room, "_output", output)
    monkeypatch.setattr(room, "_loss", lambda: LOSS)
    monkeypatch.setattr(room, "speed", speed)
    found = self_test()
    output_facts = found.facts["output"]
    assert isinstance(output_facts, dict)
    assert output_facts["cuda:1"] == {
        "right": False,
        "expected": CHECKSUM,
        "found": None,
        "failure": "RuntimeError: CUDA error: no kernel image",
    }
    assert found.issues == (f"cuda:1: {WRONG}",)
    assert found.remarks == ("speed: RuntimeError: out of memory",)


def test_every_card_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(room, "device_types", lambda: ("cpu", "cuda", "mps"))
    assert room._devices() == ["cpu", "mps", "cuda:0", "cuda:1"]


def test_the_speed_is_of_the_counted_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "SPEED_SECONDS", 0.0)
    monkeypatch.setattr(room, "matmul_peak", lambda device, dtype: 1e12)
    monkeypatch.setattr(room, "warmed_up", lambda work, calls=3: work() and 0.02)
    facts = room.speed()
    count = operations(read_graph(ROOT / "cfg" / "yolov3-tiny.cfg"))
    assert facts == {
        "network": "yolov3-tiny 416x416 with random weights",
        "device": "cpu",
        "ms_per_image": 20.0,
        "gflop_per_s": pytest.approx(count / 0.02 / 1e9),
        "matmul_gflop_per_s": pytest.approx(1000.0),
        "share_of_matmul": pytest.approx(count / 0.02 / 1e12),
    }
