"""What OpenCV's backends and targets mean here."""

from __future__ import annotations

import logging

import cv2
import pytest
import torch

from darknet_py.dnn import placement
from darknet_py.dnn.placement import BACKENDS, TARGETS, Choice, engine_config
from darknet_py.engines.table import EngineConfig

PROCESSOR = EngineConfig()


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
        (Choice(), PROCESSOR),
        (Choice(3, 0), PROCESSOR),
        (Choice(0, 10), EngineConfig(precision="fp16")),
        (Choice(5, 6), EngineConfig(device="cuda")),
        (Choice(5, 7), EngineConfig(precision="fp16", device="cuda")),
        (Choice(0, 6), EngineConfig(device="cuda")),
        (Choice(5, 0), EngineConfig(device="cuda")),
    ],
)
def test_what_runs_how(
    choice: Choice, expected: EngineConfig, cuda: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert engine_config(choice) == expected
    assert not caplog.records


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (Choice(5, 7), "DNN_BACKEND_CUDA, DNN_TARGET_CUDA_FP16: this torch sees no CUDA device"),
        (Choice(1, 0), "DNN_BACKEND_HALIDE, DNN_TARGET_CPU is not there"),
        (Choice(3, 2), "DNN_BACKEND_OPENCV, DNN_TARGET_OPENCL_FP16 is not there"),
        (Choice(99, 98), "backend 99, target 98 is not there"),
    ],
)
def test_what_is_not_there_runs_on_the_processor(
    choice: Choice,
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
    monkeypatch.setattr(placement, "installed", lambda: ["torch", "openvino"])
    assert engine_config(Choice(2, 0)) == EngineConfig("openvino")
    monkeypatch.setattr(placement, "installed", lambda: ["torch"])
    with caplog.at_level(logging.WARNING):
        assert engine_config(Choice(2, 0)) == PROCESSOR
    assert "pip install openvino onnx" in caplog.text
