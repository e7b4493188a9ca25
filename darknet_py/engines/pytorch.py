"""The network on torch itself."""

from __future__ import annotations

import torch

from darknet_py.devices import checked_device
from darknet_py.engines.base import Engine
from darknet_py.enginetable import Setup
from darknet_py.network import Network

TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class Pytorch(Engine):
    """Runs the inference form of a network layer by layer."""

    parallel = True

    def __init__(self, network: Network, setup: Setup) -> None:
        super().__init__(network.graph, setup, checked_device(setup.device))
        self.dtype = TYPES[setup.precision]
        self.network = network.for_inference().to(self.device, self.dtype)

    def __call__(self, x: torch.Tensor) -> list[torch.Tensor]:
        x = x.to(self.device, self.dtype, memory_format=torch.channels_last)
        with torch.inference_mode():
            heads = self.network(x)
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return heads
