"""The network on torch itself."""

from __future__ import annotations

import threading

import torch
from torch import Tensor

from darknet_py.devices import checked_device
from darknet_py.engines.base import Engine
from darknet_py.engines.prepared import Program
from darknet_py.enginetable import Setup
from darknet_py.network import Network

TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
MOST_PROGRAMS = 4
"""Programs of as many batch sizes are kept; each may hold the weights once more."""


class Pytorch(Engine):
    """Runs the inference form of a network, prepared for each batch size when it first comes."""

    parallel = True

    def __init__(self, network: Network, setup: Setup) -> None:
        super().__init__(network.graph, setup, checked_device(setup.device))
        self.dtype = TYPES[setup.precision]
        self.network = network.for_inference().to(self.device, self.dtype)
        self._programs: dict[tuple[int, int], Program] = {}
        self._lock = threading.Lock()

    def __call__(self, x: Tensor) -> list[Tensor]:
        x = self.network.checked(x)
        x = x.to(self.device, self.dtype, memory_format=torch.channels_last)
        with torch.inference_mode():
            heads = self._program(len(x))(x)
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return heads

    def _program(self, batch: int) -> Program:
        # What oneDNN prepares depends on the number of threads as well.
        key = batch, torch.get_num_threads()
        with self._lock:
            program = self._programs.pop(key, None) or Program(self.network, batch)
            self._programs[key] = program
            if len(self._programs) > MOST_PROGRAMS:
                del self._programs[next(iter(self._programs))]
        return program
