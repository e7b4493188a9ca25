"""The network on MNN, Alibaba's engine for phones, which runs on processors of desktops too."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import torch

from darknet_py.engines.comparison import TOLERANCES, differences, noise
from darknet_py.engines.devices import require_cpu
from darknet_py.engines.fixed_batch import BatchEngine, BatchProgram
from darknet_py.engines.mnn_library import MNN, converted
from darknet_py.engines.table import EngineConfig
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network


class Mnn(BatchEngine):
    """A session for each number of images; threads that call it take turns."""

    def __init__(self, network: Network, config: EngineConfig) -> None:
        """Raises DarknetError for another device than the processor."""
        super().__init__(network, config, require_cpu(config))

    @classmethod
    def offers(cls) -> dict[str, tuple[str, ...]]:
        return {"cpu": ("fp32",)}

    def make(self, batch: int) -> BatchProgram:
        """Raises DarknetError with the converter's reason where MNN lacks an operation."""
        return MnnSession(self._file(batch), self.config.threads or torch.get_num_threads())

    def _file(self, batch: int) -> Path:
        def write(path: Path) -> None:
            if trouble := converted(self.onnx(batch), path):
                raise DarknetError(f"{self.graph.path}: {trouble}; use --engine torch")
            self._require_right(path, batch)

        return self.files.get(["mnn", MNN.version(), batch], ".mnn", write)

    def _require_right(self, path: Path, batch: int) -> None:
        """Raises DarknetError for a file just made that computes something else: of recurrent
        layers, and maybe of others, MNN's converter makes that, and does not say so."""
        x = noise(self.graph, batch)
        with torch.inference_mode():
            expected = self.network(x)
        far = differences(MnnSession(path, 1)(x), expected)
        worst = max(range(len(far)), key=far.__getitem__)
        if far[worst] > TOLERANCES["fp32"]:
            head = self.graph.nodes[self.graph.heads[worst]].layer
            what = f"MNN's output is {far[worst]:.1e} of the largest value off; use --engine torch"
            raise DarknetError(what, head.location())


class MnnSession:
    """A .mnn file ready to run."""

    def __init__(self, path: Path, threads: int) -> None:
        self._interpreter = MNN.Interpreter(str(path))
        options = {"backend": "CPU", "numThread": threads, "precision": "normal"}
        self._session = self._interpreter.createSession(options)
        self._input = self._interpreter.getSessionInput(self._session)
        outputs = self._interpreter.getSessionOutputAll(self._session)
        self._outputs = [outputs[name] for name in sorted(outputs, key=_number)]
        self._turn = threading.Lock()

    def __call__(self, x: torch.Tensor) -> list[torch.Tensor]:
        values = x.numpy()
        with self._turn:
            self._input.copyFrom(_plain(values.shape, values))
            self._interpreter.runSession(self._session)
            return [torch.from_numpy(_values(output)) for output in self._outputs]


def _number(name: str) -> int:
    """Of the layer that an output belongs to: MNN sorts them by their names."""
    return int(name.rpartition("_")[2])


def _values(output: Any) -> np.ndarray[Any, np.dtype[np.float32]]:
    shape = output.getShape()
    host = _plain(shape, np.empty(shape, np.float32))
    output.copyToHostTensor(host)
    return np.array(host.getNumpyData())


def _plain(shape: Any, values: Any) -> Any:
    """A tensor that lies in memory as numpy's."""
    return MNN.Tensor(shape, MNN.Halide_Type_Float, values, MNN.Tensor_DimensionType_Caffe)
