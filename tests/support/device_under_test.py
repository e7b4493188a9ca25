"""A device that tests run on: the stand-in everywhere, CUDA devices where there are any."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from darknet_py.engines.cuda_graphs import float32_arithmetic
from support.stand_in_device import DEVICE, DeviceLog, StandIn, stand_in_device

STAND_IN = "stand-in"
COUNT = torch.cuda.device_count()
NAMES = [STAND_IN, *(f"cuda:{index}" for index in sorted({0, COUNT - 1}) if 0 <= index < COUNT)]
"""What only works on the device that happens to be current breaks on the last of several."""
SYNCHRONIZING = "called a synchronizing CUDA operation"


@dataclass
class Counted:
    """What happened on a device; CUDA tells of waits alone, and no uploads but those waited for."""

    mixing: int = 0
    waits: int = 0
    uploads: int = 0
    lines: str = ""


@dataclass(frozen=True)
class DeviceUnderTest:
    device: torch.device
    log: DeviceLog | None = None

    def put(self, tensor: Tensor) -> Tensor:
        return tensor.to(self.device)

    def values(self, tensor: Tensor) -> Tensor:
        """On the CPU; nobody counts that."""
        return tensor.values if isinstance(tensor, StandIn) else tensor.cpu()

    @contextlib.contextmanager
    def counted(self) -> Iterator[Counted]:
        """What happens inside, known at the end."""
        counted = Counted()
        if self.log is None:
            with _cuda_waits(counted):
                yield counted
            return
        self.log.clear()
        yield counted
        counted.mixing, counted.waits, counted.uploads = self.log.totals
        counted.lines = str(self.log)


@contextlib.contextmanager
def _cuda_waits(counted: Counted) -> Iterator[None]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            yield
        finally:
            torch.cuda.set_sync_debug_mode("default")
    lines = [str(warning.message) for warning in caught]
    lines = [line for line in lines if SYNCHRONIZING in line]
    counted.waits, counted.lines = len(lines), "\n".join(lines)


@contextlib.contextmanager
def _modules_take_what_they_are_given() -> Iterator[None]:
    """Else module.to(device) takes the memory of a tensor and leaves what makes it a stand-in."""
    future = torch.__future__
    before = future.get_overwrite_module_params_on_conversion()
    future.set_overwrite_module_params_on_conversion(True)
    try:
        yield
    finally:
        future.set_overwrite_module_params_on_conversion(before)


@contextlib.contextmanager
def device_under_test(name: str) -> Iterator[DeviceUnderTest]:
    """name: one of NAMES. Arithmetic on CUDA is that of the CPU, up to the order of sums."""
    if name == STAND_IN:
        with stand_in_device() as log, _modules_take_what_they_are_given():
            yield DeviceUnderTest(DEVICE, log)
        return
    with float32_arithmetic():
        yield DeviceUnderTest(torch.device(name))
