"""What the metrics were measured on."""

from __future__ import annotations

import torch

from darknet_py.benchmark.machine import engine_version, machine

CPU = torch.device("cpu")


def test_the_machine() -> None:
    found = machine(CPU)
    assert (found.device, found.torch) == ("cpu", torch.__version__)
    assert found.threads == torch.get_num_threads()
    assert found.processors >= 1
    assert engine_version("torch") == torch.__version__
