"""The network on MNN, Alibaba's engine for phones, which runs on processors of desktops too."""

from __future__ import annotations

import ctypes
import importlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from darknet_py.engines.comparison import TOLERANCES, differences, noise
from darknet_py.engines.devices import require_cpu
from darknet_py.engines.fixed_batch import BatchEngine, BatchProgram
from darknet_py.engines.table import EngineConfig
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network

CONVERTER = "import sys, _tools; _tools.mnnconvert(sys.argv)"
"""MNN's own command for it installs a package and reports to its makers what was converted."""
SECONDS = 300
"""A conversion that takes longer is taken for one that hangs."""
TROUBLE = ("not support", "error", "fail", "can't", "invalid")
"""Words of the converter's lines that say why there is no file."""


@contextmanager
def _unheard() -> Iterator[None]:
    """What MNN's library prints when it is loaded, past sys.stdout, is no part of any result."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
        ctypes.CDLL(None).fflush(None)  # C keeps the lines back where stdout is no terminal
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


with _unheard():
    importlib.import_module("_mnncengine")
import MNN  # noqa: E402 - its library is loaded by now


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


def converted(source: Path, path: Path) -> str:
    """Writes the .mnn file of an .onnx file; why there is none, "" where there is.

    In a process of its own: the converter prints much, and ends the process where it fails.
    """
    words = [
        "-f",
        "ONNX",
        "--modelFile",
        str(source),
        "--MNNModel",
        str(path),
        "--bizCode",
        "darknet-py",
    ]
    try:
        done = subprocess.run(
            [sys.executable, "-c", CONVERTER, *words],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            cwd=path.parent,  # whose modules go before those that are installed
        )
    except subprocess.TimeoutExpired:
        return f"MNN's converter took over {SECONDS} s"
    if path.is_file() and path.stat().st_size and not done.returncode:
        return ""
    lines = (done.stdout + done.stderr).splitlines() or [f"it ended with {done.returncode}"]
    telling = [line for line in lines if any(word in line.lower() for word in TROUBLE)]
    return f"MNN does not convert it: {(telling or lines)[-1].strip()}"
