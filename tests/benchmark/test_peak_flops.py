"""The best rate of a product of matrices."""

from __future__ import annotations

import pytest
import torch

from darknet_py.benchmark import peak_flops
from darknet_py.benchmark.peak_flops import matmul_peak

CPU = torch.device("cpu")


class Clock:
    """Moves by a step every time it is read."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def test_the_peak_is_the_best_of_all_sizes() -> None:
    # Every product takes as long, so the largest size that is tried has the best rate; at the rate
    # of 8 one of 32 would last 0.64 s, which is too long.
    found = matmul_peak(CPU, torch.float32, (4, 8, 32), Clock(0.01))
    assert found == pytest.approx(2 * 8**3 / 0.01)


def test_the_peak_of_this_machine() -> None:
    found = matmul_peak(CPU, torch.float32, (64, 128))
    assert found > 1e8


def test_a_product_is_not_counted_the_first_time(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(peak_flops, "_multiply", lambda a, b, out: seen.append(a.dtype))
    matmul_peak(CPU, torch.bfloat16, (4,), Clock(1.0))
    assert seen == [torch.bfloat16] * (1 + peak_flops.FEWEST)


@pytest.mark.parametrize(("device", "waits"), [("cuda:1", "cuda"), ("mps", "mps"), ("cpu", "")])
def test_the_clock_stops_when_the_device_is_done(
    device: str, waits: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = []
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: waited.append("cuda"))
    monkeypatch.setattr(torch.mps, "synchronize", lambda: waited.append("mps"))
    peak_flops.synchronize(torch.device(device))
    assert waited == [waits] * bool(waits)
