"""The torch engine and the whole of a detection on a device."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from support.device_under_test import NAMES, STAND_IN, DeviceUnderTest, device_under_test
from support.golden_check import GOLDEN, cases, loaded, relative
from support.tiny_detector import files, noise_image

from darknet_py.detect.detector import Detector
from darknet_py.engines import cuda_graphs
from darknet_py.engines.eager import EagerProgram
from darknet_py.engines.engine import open_engine
from darknet_py.engines.table import EngineConfig
from darknet_py.network.network import Network, load_network

pytestmark = pytest.mark.gpu

CUDA = [name for name in NAMES if name != STAND_IN]
TOLERANCE = {"fp32": 1e-4, "tf32": 2e-2, "bf16": 0.1, "fp16": 2e-2}


def golden(case: str) -> tuple[Network, torch.Tensor]:
    name, fork = case.split("/")
    record = np.load(GOLDEN / name / f"forward-{fork}.npz")
    net = loaded(GOLDEN / name, fork)
    return net, torch.from_numpy(record["input"])


ONE_BY_ONE = [case for case in cases(GOLDEN) if not case.startswith(("rnn", "crnn", "lstm", "gru"))]
ONE_BY_ONE = [case for case in ONE_BY_ONE if not case.startswith("conv_lstm")]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", ONE_BY_ONE)
def test_prepared_calls_can_be_recorded(case: str, name: str) -> None:
    """The second call neither waits nor takes anything to the device."""
    net, x = golden(case)
    with device_under_test(name) as place, torch.no_grad():
        expected = net(x)
        program = EagerProgram(net.for_inference().to(place.device), len(x))
        there = place.put(x)
        program(there)
        with place.counted() as counted:
            heads = program(there)
        assert (counted.mixing, counted.waits, counted.uploads) == (0, 0, 0), counted.lines
        for head, other in zip(heads, expected, strict=True):
            assert relative(place.values(head).numpy(), other.numpy()) <= TOLERANCE["fp32"]


def detector_on(place: DeviceUnderTest, folder: Path) -> Detector:
    network, _ = load_network(*files(folder))
    return Detector(network, ["a", "b", "c"], place.device)


@pytest.mark.parametrize("name", NAMES)
def test_an_image_is_taken_there_once_and_its_boxes_back_once(tmp_path: Path, name: str) -> None:
    network, _ = load_network(*files(tmp_path))
    expected = Detector(network, ["a", "b", "c"])(noise_image(), thresh=0.3)
    with device_under_test(name) as place:
        detector = detector_on(place, tmp_path)
        detector(noise_image(), thresh=0.3)
        with place.counted() as counted:
            result = detector(noise_image(), thresh=0.3)
    # On CUDA the engine's own wait is counted too, without which its time would say nothing.
    assert counted.waits == (2 if name == STAND_IN else 3), counted.lines
    assert (counted.mixing, counted.uploads) == (0, 1 if name == STAND_IN else 0), counted.lines
    assert len(result.boxes) == len(expected.boxes) > 100
    np.testing.assert_allclose(result.boxes.xyxy, expected.boxes.xyxy, atol=1e-3)
    np.testing.assert_array_equal(result.boxes.class_id, expected.boxes.class_id)


@pytest.mark.skipif(not CUDA, reason="needs a CUDA device")
@pytest.mark.parametrize("name", CUDA)
@pytest.mark.parametrize("precision", TOLERANCE)
@pytest.mark.parametrize("case", ONE_BY_ONE)
def test_recorded_engines(case: str, precision: str, name: str) -> None:
    net, x = golden(case)
    with torch.no_grad():
        expected = net(x)
    engine = open_engine(net, EngineConfig(precision=precision, device=name))
    for factor in (0.5, 1.0):  # a recording that is empty would give the first heads again
        heads = engine(factor * x)
    for head, other in zip(heads, expected, strict=True):
        assert head.device == torch.device(name) and head.dtype == torch.float32
        assert relative(head.cpu().numpy(), other.numpy()) <= TOLERANCE[precision]


@pytest.mark.skipif(not CUDA, reason="needs a CUDA device")
@pytest.mark.parametrize("name", CUDA)
def test_a_recording_beside_other_threads_of_cuda(name: str) -> None:
    """A loader that pins memory and takes new memory of the device does not end it."""
    done, failed = threading.Event(), list[Exception]()

    def other_thread() -> None:
        try:
            size = 1
            while not done.is_set():
                size = size % 64 + 1
                host = torch.ones(size, 1 << 16).pin_memory()
                host.to(name, non_blocking=True).sum().item()
        except Exception as failure:  # noqa: BLE001 - the main thread asserts on it
            failed.append(failure)

    thread = threading.Thread(target=other_thread)
    thread.start()
    try:
        weights = torch.randn(8, 3, 3, 3, device=name)
        for size in range(8, 40, 4):
            x = torch.randn(1, 3, size, size, device=name)
            call = cuda_graphs.recorded(lambda x: [torch.conv2d(x, weights)], x)
            assert isinstance(call, cuda_graphs.Recorded)
            torch.testing.assert_close(call(2 * x)[0], 2 * call(x)[0], rtol=1e-3, atol=1e-3)
    finally:
        done.set()
        thread.join()
    assert failed == []
