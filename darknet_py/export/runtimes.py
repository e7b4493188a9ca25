"""The libraries that run what `export` writes, each behind one function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch

from darknet_py.conversion.openvino_file import openvino_core
from darknet_py.lazy import optional_module

Array = npt.NDArray[np.float32]
Outputs = list[Array]
Run = Callable[[Array], Outputs]
"""From images (N, C, H, W) to the file's outputs in order."""


@dataclass(frozen=True)
class Runtime:
    """open: from a file and the names of its outputs to a function that runs it.

    unfit: form -> why files of that form are not for it.
    """

    module: str
    open: Callable[[Path, Sequence[str]], Run]
    unfit: Mapping[str, str] = field(default_factory=dict)

    @property
    def version(self) -> str:
        return str(optional_module(self.module).__version__).split("-")[0]


def _onnxruntime(path: Path, names: Sequence[str]) -> Run:
    onnxruntime = optional_module("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(str(path), options, providers=providers)
    (entry,) = session.get_inputs()
    return lambda x: list(session.run(list(names), {entry.name: x}))


def _opencv(path: Path, names: Sequence[str]) -> Run:
    net = cv2.dnn.readNetFromONNX(str(path))

    def run(x: Array) -> Outputs:
        net.setInput(x)
        # forward() hands out its own memory, which the next call overwrites.
        return [np.array(output, np.float32) for output in net.forward(list(names))]

    return run


def _openvino(path: Path, names: Sequence[str]) -> Run:
    # By default OpenVINO rounds to bfloat16 where the processor can.
    exact = {"INFERENCE_PRECISION_HINT": "f32"}
    core = openvino_core()
    compiled = core.compile_model(core.read_model(path), "CPU", exact)

    def run(x: Array) -> Outputs:
        outputs = compiled(x)
        return [np.array(outputs[name]) for name in names]

    return run


def _torchscript(path: Path, names: Sequence[str]) -> Run:
    return _torch(torch.jit.load(path))


def _pt2(path: Path, names: Sequence[str]) -> Run:
    return _torch(torch.export.load(path).module())


def _torch(program: Any) -> Run:
    def run(x: Array) -> Outputs:
        with torch.no_grad():
            return [output.numpy() for output in program(torch.from_numpy(x))]

    return run


NO_NMS = {"nms": "OpenCV 5.0 keeps the number of boxes of its first call; use --form boxes for it"}

RUNTIMES = {
    "onnxruntime": Runtime("onnxruntime", _onnxruntime),
    "opencv": Runtime("cv2", _opencv, unfit=NO_NMS),
    "openvino": Runtime("openvino", _openvino),
    "torchscript": Runtime("torch", _torchscript),
    "pt2": Runtime("torch", _pt2),
}
"""To add a runtime, add a row, and its name to formats of conversion.formats.FORMATS."""
