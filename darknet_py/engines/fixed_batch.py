"""Engines whose programs take one number of images: a program for each, made at its first use."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Callable, Iterable
from pathlib import Path

import torch

from darknet_py.conversion.export_target import ExportTarget
from darknet_py.conversion.onnx_file import to_onnx
from darknet_py.engines.cache import NetworkFiles
from darknet_py.engines.engine import Engine
from darknet_py.engines.quantized_onnx import quantized
from darknet_py.engines.table import INT8, EngineConfig
from darknet_py.network.network import Network

BatchProgram = Callable[[torch.Tensor], list[torch.Tensor]]
"""From x (N, C, H, W), contiguous and on the engine's device, to new tensors, for one N."""


class BatchEngine(Engine):
    """Calls from several threads are safe; the engine's own threads serve them all."""

    layout: torch.memory_format = torch.contiguous_format

    def __init__(self, network: Network, config: EngineConfig, device: torch.device) -> None:
        super().__init__(network, config, device)
        self.files = NetworkFiles(network)
        self._programs: dict[int, BatchProgram] = {}
        self._making = threading.Lock()

    @abstractmethod
    def make(self, batch: int) -> BatchProgram:
        """The program for so many images."""

    def __call__(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Raises DarknetError for an input of the wrong shape."""
        x = self.network.checked(x)
        count = len(x)
        size, program = self._program(count)
        x = x.detach().to(self.device, torch.float32)
        if size > count:
            x = torch.cat([x, x.new_zeros(size - count, *x.shape[1:])])
        heads = program(x.contiguous())
        return heads if size == count else [head[:count] for head in heads]

    def prepare(self, batch: int) -> None:
        self._program(batch)

    def _program(self, count: int) -> tuple[int, BatchProgram]:
        with self._making:
            # The rows of a net with time_steps are no images, so that none may be added to them.
            most = 2 * count if self.graph.net.time_steps == 1 else count
            size = fitting(self._programs, count, most)
            if size is None:
                size, self._programs[count] = count, self.make(count)
            return size, self._programs[size]

    def onnx(self, batch: int) -> Path:
        """The network's .onnx file for so many images, from the cache if it is there."""
        known = self.config.calibration
        if known is None:
            return onnx_file(self.files, batch)

        def write(path: Path) -> None:
            data = onnx_file(self.files, batch).read_bytes()
            path.write_bytes(quantized(data, known.ranges, self.config.engine))

        return self.files.get([*self.precision_words, batch], ".onnx", write)

    @property
    def precision_words(self) -> list[object]:
        """What a program depends on beside the network where it is in int8."""
        known = self.config.calibration
        return [] if known is None else [INT8, self.config.engine, known.ranges]


def onnx_file(files: NetworkFiles, batch: int) -> Path:
    """The network's .onnx file in float32 for so many images."""

    def write(path: Path) -> None:
        path.write_bytes(to_onnx(files.network, ExportTarget(batch=batch)))

    return files.get(["onnx", batch], ".onnx", write)


def fitting(sizes: Iterable[int], count: int, most: int) -> int | None:
    """The least of the sizes from `count` to `most`: a last batch is padded, but not to much."""
    return min((size for size in sizes if count <= size <= most), default=None)
