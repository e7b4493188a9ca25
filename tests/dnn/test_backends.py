"""What OpenCV's backends and targets mean here."""

from __future__ import annotations

import logging

import cv2
import pytest
import torch

from darknet_py.dnn import backends
from darknet_py.dnn.backends import BACKENDS, TARGETS, BackendChoice, engine_config
from darknet_py.engines.table import EngineConfig

PROCESSOR = EngineConfig()
CUDA_HALF = "DNN_BACKEND_CUDA, DNN_TARGET_CUDA_FP16"


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)


def test_the_numbers_are_those_of_opencv() -> None:
    known = {**BACKENDS, **TARGETS}
    theirs = {name for name in dir(cv2.dnn) if name.startswith(("DNN_BACKEND_", "DNN_TARGET_"))}
    assert theirs <= set(known)
    assert {name: getattr(cv2.dnn, name) for name in theirs} == {n: known[n] for n in theirs}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (BackendChoice(), PROCESSOR),
        (BackendChoice(3, 0), PROCESSOR),
        (BackendChoice(0, 10), EngineConfig(precision="fp16")),
        (BackendChoice(5, 6), EngineConfig(device="cuda")),
        (BackendChoice(5, 7), EngineConfig(precision="fp16", device="cuda")),
        (BackendChoice(0, 6), EngineConfig(device="cuda")),
        (BackendChoice(5, 0), EngineConfig(device="cuda")),
    ],
)
def test_what_runs_how(
    choice: BackendChoice, expected: EngineConfig, cuda: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert engine_config(choice) == expected
    assert not caplog.records


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (
            BackendChoice(5, 7),
            f"{CUDA_HALF}: this torch sees no CUDA device",
        ),
        (BackendChoice(1, 0), "DNN_BACKEND_HALIDE, DNN_TARGET_CPU is not there"),
        (BackendChoice(3, 2), "DNN_BACKEND_OPENCV, DNN_TARGET_OPENCL_FP16 is not there"),
        (BackendChoice(99, 98), "backend 99, target 98 is not there"),
    ],
)
def test_what_is_not_there_runs_on_the_processor(
    choice: BackendChoice,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with caplog.at_level(logging.WARNING):
        assert engine_config(choice) == PROCESSOR
    (record,) = caplog.records
    assert record.message == f"{words}; running on the processor"


def test_the_inference_engine_is_openvino(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(backends, "installed", lambda: ["torch", "openvino"])
    assert engine_config(BackendChoice(2, 0)) == EngineConfig("openvino")
    monkeypatch.setattr(backends, "installed", lambda: ["torch"])
    with caplog.at_level(logging.WARNING):
        assert engine_config(BackendChoice(2, 0)) == PROCESSOR
    assert "pip install openvino onnx" in caplog.text
