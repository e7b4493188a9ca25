"""Which devices `-gpus` means, and the processes it starts."""

from __future__ import annotations

import sys

import pytest
import torch

from darknet_py.distributed import launch
from darknet_py.distributed.launch import devices
from darknet_py.errors import DarknetError


@pytest.mark.parametrize("words", ["a", "0,0", "99", "0,1"])
def test_devices_that_are_not_there(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(DarknetError, match=f"-gpus {words}: "):
        devices(words)


@pytest.mark.parametrize("words", ["0", "0,1"])
def test_without_cuda_the_cpu_trains(
    words: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert devices(words) == []
    (message,) = caplog.messages
    line = f"-gpus {words}: this torch sees no CUDA device, training on the CPU"
    assert message.startswith(line) and ("torchrun" in message) == ("," in words)


def test_devices_that_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    assert devices(None) == []
    assert devices("1") == [1]
    assert devices("2,0") == [2, 0]
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert devices("2,0") == []


@pytest.mark.parametrize(("visible", "expected"), [("", "2,0"), ("4,5,7", "7,4")])
def test_each_device_gets_a_process(
    visible: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[list[str], dict[str, str]]] = []

    def call(words: list[str], env: dict[str, str]) -> int:
        calls.append((words, env))
        return 3

    monkeypatch.setattr(launch.subprocess, "call", call)
    monkeypatch.setattr(sys, "argv", ["darknet-py", "train", "a.data", "a.cfg", "-gpus", "2,0"])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert launch.relaunch([2, 0]) == 3
    words, env = calls[0]
    assert words[-6:] == ["darknet_py", "train", "a.data", "a.cfg", "-gpus", "2,0"]
    assert "--nproc-per-node=2" in words
    assert env["CUDA_VISIBLE_DEVICES"] == expected
