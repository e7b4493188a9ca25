"""Which device a network runs on, and the types its processor computes in."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from darknet_py.engines.table import EngineConfig
from darknet_py.errors import DarknetError
from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
else:
    torch = deferred("torch")

logger = logging.getLogger(__name__)


def chosen_device(device: str | None, gpu: int | None, nogpu: bool) -> str:
    """--device as it is; else -i, else the first CUDA device, else the CPU."""
    if nogpu or device is not None:
        return device or "cpu"
    if torch.cuda.is_available():
        return f"cuda:{gpu or 0}"
    if gpu:
        logger.warning("-i %s: this torch sees no CUDA, running on the CPU", gpu)
    return "cpu"


DRIVER_FILES = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")
"""Of NVIDIA's driver, of Windows' for Linux beside it, and of AMD's."""


def maybe_gpu() -> bool:
    """False only where it is sure without torch that `chosen_device` finds no GPU."""
    if sys.platform == "darwin":
        return False
    return sys.platform != "linux" or any(map(os.path.exists, DRIVER_FILES))


def checked_device(device: str | torch.device) -> torch.device:
    """A torch device that is there; raises DarknetError that says what there is instead."""
    try:
        chosen = torch.device(device)
    except RuntimeError:
        raise DarknetError(
            f"unknown device '{device}', expected cpu, cuda, cuda:N or mps"
        ) from None
    if chosen.type == "cuda" and not torch.cuda.is_available():
        message = f"device '{device}' is not there: this torch sees no CUDA; use --device cpu"
        raise DarknetError(f"{message}, or run `darknet-py doctor`")
    if chosen.type == "cuda" and chosen.index is None:
        # Each thread has a current device of its own; the network lies on one.
        return torch.device("cuda", torch.cuda.current_device())
    count = torch.cuda.device_count() if chosen.type == "cuda" else 0
    if chosen.index is not None and chosen.type == "cuda" and chosen.index >= count:
        raise DarknetError(
            f"device '{device}' is not there: torch sees {count} CUDA devices, from 0"
        )
    return chosen


def require_cpu(config: EngineConfig) -> torch.device:
    """The processor, for engines that have no other; raises DarknetError for another device."""
    device = checked_device(config.device)
    if device.type != "cpu":
        raise DarknetError(f"engine {config.engine} cannot run on '{device}', only on cpu")
    return device


def device_types() -> tuple[str, ...]:
    """Those this torch can run on here."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return ("cpu", *(name for name, known in there.items() if known))


def computes(dtype: torch.dtype) -> bool:
    """Whether this processor has instructions for a type; without, it is hundreds of times slower.

    Types oneDNN has no say in count as there.
    """
    ops = torch.ops.mkldnn
    asked: dict[torch.dtype, Callable[[], bool]] = {
        torch.bfloat16: ops._is_mkldnn_bf16_supported,
        torch.float16: ops._is_mkldnn_fp16_supported,
    }
    return dtype not in asked or asked[dtype]()


def possible_precision(precision: str, device: torch.device) -> str:
    """The precision; fp32, and a line that says so, on a processor without instructions for it."""
    if precision == "tf32" and device.type != "cuda":
        logger.warning("--precision tf32 is of CUDA devices; computing in fp32")
        return "fp32"
    types = {"bf16": torch.bfloat16, "fp16": torch.float16}
    if device.type != "cpu" or precision not in types or computes(types[precision]):
        return precision
    message = "--precision %s: this processor has no instructions for it; computing in fp32"
    logger.warning(message, precision)
    return "fp32"


@contextmanager
def using_threads(count: int | None) -> Iterator[None]:
    """torch with that many threads, and as before afterwards; None leaves it alone."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
