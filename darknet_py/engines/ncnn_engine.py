"""The network on ncnn, Tencent's engine for phones, which runs on processors of desktops too."""

from __future__ import annotations

import threading

import ncnn
import numpy as np
import torch

from darknet_py.conversion.export_target import output_names
from darknet_py.conversion.ncnn_file import INPUT_NAME, to_ncnn
from darknet_py.engines.devices import require_cpu
from darknet_py.engines.engine import Engine
from darknet_py.engines.table import EngineConfig
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network

ROUNDING = ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_storage")
"""Options by which ncnn rounds to 16 bits where the processor can, which is not what is asked."""


class Ncnn(Engine):
    """One program for single images: those of a batch go through it one by one.

    It is written from the graph in less time than a file of it would take to read, so that nothing
    is kept. ncnn holds Python's lock while it computes: threads that call it take turns.
    """

    layout = torch.contiguous_format

    def __init__(self, network: Network, config: EngineConfig) -> None:
        """Raises DarknetError for another device than the processor, and with the layer's name for
        what ncnn does not have."""
        super().__init__(network, config, require_cpu(config))
        if self.graph.net.time_steps > 1:
            raise DarknetError(f"{self.graph.path}: ncnn runs single images; use time_steps=1")
        files = to_ncnn(network)
        self._weights = files[".bin"]
        """ncnn reads some of them where they lie, as long as it runs."""
        self._net = _opened(files[".param"].decode(), self._weights, config.threads)
        self._outputs = output_names(self.graph, "heads")
        self._shapes = [self.graph.nodes[index].out for index in self.graph.heads]
        self._turn = threading.Lock()

    @classmethod
    def offers(cls) -> dict[str, tuple[str, ...]]:
        return {"cpu": ("fp32",)}

    def __call__(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Raises DarknetError for an input of the wrong shape."""
        x = self.network.checked(x).detach().to(self.device, torch.float32).contiguous()
        heads = [torch.empty(len(x), *shape) for shape in self._shapes]
        with self._turn:
            for number, image in enumerate(x):
                self._run(image, [head[number] for head in heads])
        return heads

    def prepare(self, batch: int) -> None:
        """It is ready, for any number of images."""

    def _run(self, image: torch.Tensor, heads: list[torch.Tensor]) -> None:
        """One image (C, H, W); writes into the heads (C, H, W)."""
        extractor = self._net.create_extractor()
        values = image.numpy()
        extractor.input(INPUT_NAME, ncnn.Mat(values))
        for name, head in zip(self._outputs, heads, strict=True):
            failed, blob = extractor.extract(name)
            if failed:
                raise DarknetError(f"{self.graph.path}: ncnn cannot compute {name}; out of memory?")
            head.copy_(torch.from_numpy(np.asarray(blob)).view(head.shape))


def _opened(param: str, weights: bytes, threads: int | None) -> ncnn.Net:
    net = ncnn.Net()
    for word in ROUNDING:
        setattr(net.opt, f"use_{word}", False)
    net.opt.num_threads = threads or torch.get_num_threads()
    if net.load_param_mem(param):
        raise DarknetError("ncnn does not read the layers written for it; use --engine torch")
    net.load_model_mem(weights)
    return net
