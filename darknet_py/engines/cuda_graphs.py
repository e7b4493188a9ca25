"""Calls on a CUDA device recorded once and played again: the processor then starts one, not many.

cuDNN tries its algorithms while the recording is prepared. TensorFloat-32, which torch turns on for
convolutions by itself, is off unless it is asked for: fp32 is to give Darknet's numbers.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

logger = logging.getLogger(__name__)
Call = Callable[[Tensor], list[Tensor]]
WARM_UP = 3
_RECORDING = threading.Lock()
"""One recording at a time: each begins by waiting for the whole device, which CUDA refuses while
another thread records."""


@contextmanager
def float32_arithmetic(tf32: bool = False) -> Iterator[None]:
    """cuDNN with its search for the fastest algorithm; products and convolutions of float32 in
    TensorFloat-32 or exactly. Holds for the process, as torch has it."""
    matmul = torch.backends.cuda.matmul
    before = matmul.allow_tf32
    with torch.backends.cudnn.flags(
        enabled=True, benchmark=True, deterministic=False, allow_tf32=tf32
    ):
        matmul.allow_tf32 = tf32
        try:
            yield
        finally:
            matmul.allow_tf32 = before


class Recorded:
    """A call for inputs just like x, on x's device whatever device is current.

    One thread at a time, on whatever stream; each result is in memory of its own.
    """

    def __init__(self, call: Call, x: Tensor, tf32: bool = False) -> None:
        """Raises RuntimeError where something in the call cannot be recorded."""
        self._lock = threading.Lock()
        # The recording reads tensors that only the call holds: freed, they would be overwritten.
        self._call = call
        with _RECORDING, torch.cuda.device(x.device), float32_arithmetic(tf32):
            self._input = x.clone()
            self._done = torch.cuda.Event()
            self._record(torch.cuda.Stream(x.device))

    def _record(self, side: torch.cuda.Stream) -> None:
        """torch's own stream for this belongs to the first device that recorded, so it gets ours.

        Calls of other threads (a loader that pins memory, a second engine) are none of this
        recording's: "thread_local" lets them be.
        """
        device = self._input.device
        usual = torch.cuda.current_stream(device)
        side.wait_stream(usual)
        # Outside of torch's own: that leaves its stream current when what it records fails.
        with torch.cuda.stream(side):
            for _ in range(WARM_UP):
                self._call(self._input)
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph, stream=side, capture_error_mode="thread_local"):
                self._heads = self._call(self._input)
        usual.wait_stream(side)

    def __call__(self, x: Tensor) -> list[Tensor]:
        device = self._input.device
        with self._lock, torch.cuda.device(device):
            stream = torch.cuda.current_stream(device)
            stream.wait_event(self._done)  # the last call may have been on another stream
            self._input.copy_(x)
            self._graph.replay()
            heads = [head.clone() for head in self._heads]
            self._done.record(stream)
            return heads


def recorded(call: Call, x: Tensor, tf32: bool = False) -> Call:
    """The call recorded for inputs just like x, or as it is where that cannot be, with a line."""
    try:
        return Recorded(call, x, tf32)
    except RuntimeError as failure:
        reason = str(failure).splitlines()[0]
        logger.warning("no CUDA graph: %s; running without", reason)
    return unrecorded(call, x.device, tf32)


def unrecorded(call: Call, device: torch.device, tf32: bool = False) -> Call:
    """The call as it is, on a CUDA device and in the arithmetic of a recorded one."""

    def started_one_by_one(x: Tensor) -> list[Tensor]:
        with torch.cuda.device(device), float32_arithmetic(tf32):
            return call(x)

    return started_one_by_one
