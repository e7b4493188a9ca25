"""Calls on a CUDA device recorded once and played again: the processor then starts one, not many.

cuDNN tries its algorithms while the recording is prepared. TensorFloat-32, which torch turns on for
convolutions by itself, is off: fp32 is to give Darknet's numbers.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from torch import Tensor

logger = logging.getLogger(__name__)
Call = Callable[[Tensor], list[Tensor]]
WARM_UP = 3


def exact_convolutions() -> AbstractContextManager[None]:
    """cuDNN with its search for the fastest algorithm and without TensorFloat-32."""
    flags: AbstractContextManager[None] = torch.backends.cudnn.flags(
        enabled=True, benchmark=True, deterministic=False, allow_tf32=False
    )
    return flags


class Recorded:
    """A call for inputs just like x; one thread at a time, each result in memory of its own."""

    def __init__(self, call: Call, x: Tensor) -> None:
        """Raises RuntimeError where something in the call cannot be recorded."""
        self._lock = threading.Lock()
        # The recording reads tensors that only the call holds: freed, they would be overwritten.
        self._call = call
        self._input = x.clone()
        side = torch.cuda.Stream(x.device)
        side.wait_stream(torch.cuda.current_stream(x.device))
        with torch.cuda.stream(side), exact_convolutions():
            for _ in range(WARM_UP):
                call(self._input)
        torch.cuda.current_stream(x.device).wait_stream(side)
        self._graph = torch.cuda.CUDAGraph()
        with exact_convolutions(), torch.cuda.graph(self._graph):
            self._heads = call(self._input)

    def __call__(self, x: Tensor) -> list[Tensor]:
        with self._lock:
            self._input.copy_(x)
            self._graph.replay()
            return [head.clone() for head in self._heads]


def recorded(call: Call, x: Tensor) -> Call:
    """The call recorded for inputs just like x, or as it is where that cannot be, with a line."""
    try:
        return Recorded(call, x)
    except RuntimeError as failure:
        reason = str(failure).splitlines()[0]
        logger.warning("no CUDA graph: %s; running without", reason)

    def exact(x: Tensor) -> list[Tensor]:
        with exact_convolutions():
            return call(x)

    return exact
