"""The self-test: are the numbers right, and how fast is this machine?"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import torch

from darknet_py.benchmark.bench_inputs import input_of, random_network
from darknet_py.benchmark.peak_flops import matmul_peak
from darknet_py.benchmark.speed import operations
from darknet_py.benchmark.timing import warmed_up
from darknet_py.doctor.known_network import (
    checksum,
    known_images,
    known_network,
    known_truth,
)
from darknet_py.doctor.section import Examined, Fact, first_line
from darknet_py.engines.devices import device_types
from darknet_py.engines.engine import open_engine
from darknet_py.engines.table import EngineConfig
from darknet_py.network.graph import read_graph
from darknet_py.train import Trainer
from darknet_py.weights_registry.named_network import network_paths

CHECKSUM = 0.203426179
LOSS = 913.8542
"""Of the second training step, which the first one's gradients have a part in."""
TOLERANCE = 1e-4
"""Relative; with and without AVX they differ by less than 1e-6."""
SPEED_NETWORK = "yolov3-tiny"
SPEED_SECONDS = 0.5
WRONG = "the numbers are wrong: do not trust results of this device, and report this"


def self_test() -> Examined:
    """right: within TOLERANCE of what was stored. Speed is of float32 on one image at a time, on
    the device that commands take when none is named."""
    start = time.perf_counter()
    outputs = {device: _compared(CHECKSUM, partial(_output, device)) for device in _devices()}
    loss = _compared(LOSS, _loss)
    failed = [name for name, answer in {**outputs, "training": loss}.items() if not answer["right"]]
    facts: dict[str, Fact] = {"output": dict(outputs), "training_loss": loss}
    remarks = []
    try:
        facts["speed"] = speed()
    except Exception as failure:  # noqa: BLE001 - whatever a device raises
        remarks.append(f"speed: {type(failure).__name__}: {first_line(failure)}")
    facts["seconds"] = time.perf_counter() - start
    return Examined(facts, tuple(f"{name}: {WRONG}" for name in failed), tuple(remarks))


def _devices() -> list[str]:
    cards = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    return [*(name for name in device_types() if name != "cuda"), *cards]


def _compared(expected: float, compute: Callable[[], float]) -> dict[str, Fact]:
    """A device that fails is as wrong as one that gives other numbers."""
    try:
        found = compute()
    except Exception as failure:  # noqa: BLE001 - whatever a device raises
        what = f"{type(failure).__name__}: {first_line(failure)}"
        return {"right": False, "expected": expected, "found": None, "failure": what}
    right = abs(found - expected) <= TOLERANCE * abs(expected)
    return {"right": right, "expected": expected, "found": found}


def _output(device: str) -> float:
    """The checksum of the heads by the engine that `detect` uses."""
    engine = open_engine(known_network(), EngineConfig(device=device))
    return checksum(engine(known_images()))


def _loss() -> float:
    """Of the second training step, on the processor."""
    trainer = Trainer(known_network())
    trainer.step(known_images(), known_truth())
    return trainer.step(known_images(), known_truth())


def speed() -> dict[str, Fact]:
    """Milliseconds an image, GFLOP/s, and those of a product of matrices as `benchmark` has it."""
    name = next((each for each in reversed(_devices()) if each == "cuda:0"), "cpu")
    device = torch.device(name)
    graph = read_graph(network_paths(SPEED_NETWORK, weights=False).cfg)
    engine = open_engine(random_network(graph, seed=0), EngineConfig(device=name))
    x = input_of(graph, 1, device, seed=0)
    once = warmed_up(lambda: engine(x))
    times = warmed_up(lambda: engine(x), max(3, round(SPEED_SECONDS / once)))
    flops, peak = operations(graph) / times, matmul_peak(device, torch.float32)
    return {
        "network": f"{SPEED_NETWORK} {graph.net.width}x{graph.net.height} with random weights",
        "device": name,
        "ms_per_image": 1000 * times,
        "gflop_per_s": flops / 1e9,
        "matmul_gflop_per_s": peak / 1e9,
        "share_of_matmul": flops / peak,
    }
