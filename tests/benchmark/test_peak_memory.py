"""The most memory something takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from darknet_py.benchmark import peak_memory
from darknet_py.benchmark.peak_memory import Meter

CPU = torch.device("cpu")


MEASURED = """
import numpy as np, torch
from darknet_py.benchmark.peak_memory import Meter

def taken_and_given_back():
    meter = Meter(torch.device("cpu"))
    block = np.ones(64 << 20, np.uint8)  # so many that malloc gives them back at once
    del block
    return meter.growth()

growth = max(taken_and_given_back() for _ in range(3))
print(growth, Meter(torch.device("cpu")).growth())
"""


def test_the_meter_sees_what_was_taken_and_given_back() -> None:
    """In a process of its own: here threads of earlier tests may give memory back meanwhile."""
    if not peak_memory.RESET.exists():
        pytest.skip("peaks of memory start again on Linux only")
    command = [sys.executable, "-c", MEASURED]
    printed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    growth, later = map(int, printed.split())
    assert 60 << 20 < growth < 80 << 20  # Linux counts pages by the dozen
    assert later < 16 << 20


def test_the_meter_without_linux(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(peak_memory, "RESET", tmp_path / "none" / "none")
    monkeypatch.setattr(peak_memory, "STATUS", tmp_path / "none")
    growth = Meter(CPU).growth()
    assert growth is not None
    assert 0 <= growth < 16 << 20
    monkeypatch.setattr(peak_memory, "_most_resident", lambda: None)
    assert Meter(CPU).growth() is None


def test_the_meter_of_a_cuda_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Torch's peak above its start, and what others than torch hold more than before."""
    state = {"memory_allocated": 100, "max_memory_allocated": 900, "memory_reserved": 400}
    free = [5000]
    reset: list[object] = []
    for name in state:
        monkeypatch.setattr(torch.cuda, name, lambda device, name=name: state[name])
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", reset.append)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free[0], 10_000))
    device = torch.device("cuda:1")
    meter = Meter(device)
    assert reset == [device]
    assert meter.growth() == 900 - 100
    free[0], state["memory_reserved"] = 4000, 700
    assert meter.growth() == 800 + (10_000 - 4000 - 700) - (10_000 - 5000 - 400)
    free[0] = 9000
    assert meter.growth() == 800, "others gave some back"
