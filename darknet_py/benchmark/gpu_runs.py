"""The rows of a GPU's table measured one after another; what fails is a row as well."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch

from darknet_py.benchmark.engine_runs import error_line
from darknet_py.benchmark.gpu_rows import GpuRow
from darknet_py.benchmark.gpu_works import work_of
from darknet_py.benchmark.peak_flops import matmul_peak
from darknet_py.benchmark.peak_memory import Meter
from darknet_py.benchmark.timing import Latency, latency, plan_blocks, take_turns, warmed_up
from darknet_py.engines.cuda_graphs import float32_arithmetic
from darknet_py.engines.torch_engine import TYPES

T = TypeVar("T")
SECONDS = 0.6
"""Of a row's timed calls."""


@dataclass(frozen=True)
class GpuOutcome:
    """A row's times, or why there are none. flops: of an image. memory_bytes: at the peak."""

    row: GpuRow
    latency: Latency | None = None
    flops: float = 0.0
    memory_bytes: int | None = None
    error: str = ""

    @property
    def images_per_s(self) -> float:
        return 1000 * self.row.batch / self.latency.median_ms if self.latency else 0.0


def peaks_of(device: torch.device, precisions: Sequence[str]) -> dict[str, float]:
    """FLOP/s of a product of matrices in each."""
    peaks = {}
    for name in precisions:
        with float32_arithmetic(name == "tf32"):
            peaks[name] = matmul_peak(device, TYPES[name])
    return peaks


def measured(
    rows: Sequence[GpuRow],
    device: torch.device,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[GpuOutcome]:
    """Each row's outcome, without those that would begin after `seconds`."""
    end = clock() + seconds
    for row in rows:
        if clock() >= end:
            return
        yield outcome_of(row, device)


def outcome_of(row: GpuRow, device: torch.device) -> GpuOutcome:
    try:
        return _timed(row, device)
    except Exception as failure:  # noqa: BLE001
        # No memory, a kernel that is not there, a compiler that fails: the others still count.
        return GpuOutcome(row, error=error_line(failure))
    finally:
        _free(device)


def _timed(row: GpuRow, device: torch.device) -> GpuOutcome:
    meter = Meter(device)
    work = work_of(row, device)
    blocks = plan_blocks([warmed_up(work.call)], None, SECONDS)
    (times,) = take_turns([work.call], blocks, _silent)
    return GpuOutcome(row, latency(times), work.flops, meter.growth())


def _silent(items: Iterable[T], total: int, label: str) -> Iterator[T]:
    """Each row is said when it is there."""
    return iter(items)


def _free(device: torch.device) -> None:
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
