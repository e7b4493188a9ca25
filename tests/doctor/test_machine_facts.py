"""System, processor, memory."""

from __future__ import annotations

import platform
import sys

import pytest
import torch

from darknet_py.doctor import machine_facts
from darknet_py.doctor.machine_facts import memory, processor, system


def test_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    found = system()
    python = f"{platform.python_implementation()} {platform.python_version()}"
    assert (found.facts["python"], found.facts["python_path"]) == (python, sys.executable)
    assert found.issues == ()
    monkeypatch.setattr(sys, "maxsize", 2**31 - 1)
    assert system().issues == ("this Python has 32 bits; install one of 64",)


def test_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_facts, "cpu_model", lambda: "Some CPU")
    monkeypatch.setattr(machine_facts, "processors", lambda: 3)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 5)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX9")
    facts = processor().facts
    assert (facts["model"], facts["usable_processors"]) == ("Some CPU", 3)
    assert (facts["torch_threads"], facts["instruction_set"]) == (5, "AVX9")
    monkeypatch.setattr(machine_facts, "failures", lambda: {"torch": "missing"})
    facts = processor().facts
    assert (facts["model"], facts["torch_threads"]) == ("Some CPU", None)


def test_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    for number, name in enumerate(("total_memory", "free_memory", "memory_limit")):
        monkeypatch.setattr(machine_facts, name, lambda number=number: number)
    assert memory().facts == {"total_bytes": 0, "free_bytes": 1, "container_limit_bytes": 2}
