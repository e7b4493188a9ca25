"""Threads, and the measurements of one benchmark in their order."""

from __future__ import annotations

import torch

from darknet_py.benchmark.bench_session import using_threads


def test_threads_come_back() -> None:
    before = torch.get_num_threads()
    with using_threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
    with using_threads(None):
        assert torch.get_num_threads() == before
