"""What the processes of a group tell each other."""

from __future__ import annotations

import pytest
import torch
import torch.distributed as dist

from darknet_py.distributed.context import DistributedContext


def test_the_first_process_gives_its_tensors(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[float, int]] = []
    monkeypatch.setattr(dist, "broadcast", lambda x, source: sent.append((float(x), source)))
    tensors = [torch.tensor(1.0), torch.tensor(2.0)]
    DistributedContext(0, 1).share(tensors)
    assert sent == []
    DistributedContext(1, 2).share(tensors)
    assert sent == [(1, 0), (2, 0)]


def test_means_and_flags_of_all_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other process adds what it has."""
    others = 3.0
    monkeypatch.setattr(dist, "all_reduce", lambda total: total.add_(others))
    context, cpu = DistributedContext(0, 2), torch.device("cpu")
    assert context.mean(1.0, cpu) == 2.0 and DistributedContext().mean(1.0, cpu) == 1.0
    assert context.any(False, cpu)
    others = 0.0
    assert not context.any(False, cpu) and context.any(True, cpu)
