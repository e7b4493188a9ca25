"""What the metrics were measured on."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError

import pytest
import torch

from darknet_py.benchmark.machine import engine_version, machine

CPU = torch.device("cpu")


def test_the_machine() -> None:
    found = machine(CPU)
    assert (found.device, found.torch) == ("cpu", torch.__version__)
    assert found.threads == torch.get_num_threads()
    assert found.processors >= 1
    assert engine_version("torch") == torch.__version__


def test_a_device_with_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"number {device.index}")
    assert machine(torch.device("cuda:1")).device == "cuda:1: number 1"


def test_a_package_of_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("darknet_py.benchmark.machine.version", version)
    assert engine_version("torch") == "unknown"
