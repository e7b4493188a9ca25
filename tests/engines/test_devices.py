"""Devices that are there, and the one that is meant."""

from __future__ import annotations

import os
import sys

import pytest
import torch

from darknet_py.engines.devices import (
    DRIVER_FILES,
    checked_device,
    chosen_device,
    computes,
    device_types,
    maybe_gpu,
    possible_precision,
)
from darknet_py.errors import DarknetError


def test_devices_that_are_not_there() -> None:
    with pytest.raises(DarknetError, match="unknown device 'gpu'"):
        checked_device("gpu")
    if not torch.cuda.is_available():
        with pytest.raises(DarknetError, match="this torch sees no CUDA"):
            checked_device("cuda:0")


def test_the_device_that_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen_device("mps", 1, False) == "mps"
    assert chosen_device(None, 1, True) == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert (chosen_device(None, None, False), chosen_device(None, 2, False)) == ("cuda:0", "cuda:2")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert checked_device("cuda:1") == torch.device("cuda:1")
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1)
    assert checked_device("cuda") == torch.device("cuda:1"), "whatever another thread has"
    with pytest.raises(DarknetError, match="torch sees 2 CUDA devices, from 0"):
        checked_device("cuda:2")


def test_a_gpu_that_is_not_there_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert chosen_device(None, 0, False) == "cpu" and not caplog.records
    assert chosen_device(None, 3, False) == "cpu"
    assert caplog.messages == ["-i 3: this torch sees no CUDA, running on the CPU"]


def test_types_the_processor_computes_in(monkeypatch: pytest.MonkeyPatch) -> None:
    assert computes(torch.float32) and computes(torch.int8)
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False)
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_fp16_supported", lambda: True)
    assert not computes(torch.bfloat16) and computes(torch.float16)


def test_tf32_is_of_cuda(caplog: pytest.LogCaptureFixture) -> None:
    assert possible_precision("tf32", torch.device("cuda:0")) == "tf32" and not caplog.records
    assert possible_precision("tf32", torch.device("cpu")) == "fp32"
    assert caplog.messages == ["--precision tf32 is of CUDA devices; computing in fp32"]


@pytest.mark.parametrize(
    ("cuda", "mps", "types"),
    [(False, False, ("cpu",)), (True, False, ("cpu", "cuda")), (False, True, ("cpu", "mps"))],
)
def test_types_of_device_here(
    cuda: bool, mps: bool, types: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert device_types() == types


@pytest.mark.parametrize("there", [None, *DRIVER_FILES])
def test_a_machine_without_a_driver_has_no_gpu(
    there: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os.path, "exists", lambda path: path == there)
    assert maybe_gpu() == (there is not None)
    monkeypatch.setattr(sys, "platform", "win32")
    assert maybe_gpu()
    monkeypatch.setattr(sys, "platform", "darwin")  # where nobody gets one without asking
    assert not maybe_gpu()
