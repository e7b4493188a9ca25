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
from darknet_py.conversion.safetensors_file import read_safetensors
from darknet_py.errors import DarknetError
from darknet_py.lazy import optional_module
from darknet_py.network.graph import Graph
from darknet_py.network.network import Network

Array = npt.NDArray[np.float32]
Outputs = list[Array]
Run = Callable[[Array], Outputs]
"""From images (N, C, H, W) to the file's outputs in order."""


@dataclass(frozen=True)
class ExportedFile:
    """A written file; graph: of the network in it. outputs: their names in order."""

    path: Path
    graph: Graph
    outputs: Sequence[str]


@dataclass(frozen=True)
class Runtime:
    """open: from a file to a function that runs it.

    unfit: form -> why files of that form are not for it.
    """

    module: str
    open: Callable[[ExportedFile], Run]
    unfit: Mapping[str, str] = field(default_factory=dict)

    @property
    def version(self) -> str:
        return str(optional_module(self.module).__version__).split("-")[0]


def _onnxruntime(file: ExportedFile) -> Run:
    onnxruntime = optional_module("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(str(file.path), options, providers=providers)
    (entry,) = session.get_inputs()
    return lambda x: list(session.run(list(file.outputs), {entry.name: x}))


def _opencv(file: ExportedFile) -> Run:
    net = cv2.dnn.readNetFromONNX(str(file.path))

    def run(x: Array) -> Outputs:
        net.setInput(x)
        # forward() hands out its own memory, which the next call overwrites.
        return [np.array(output, np.float32) for output in net.forward(list(file.outputs))]

    return run


def _openvino(file: ExportedFile) -> Run:
    # By default OpenVINO rounds to bfloat16 where the processor can.
    exact = {"INFERENCE_PRECISION_HINT": "f32"}
    core = openvino_core()
    compiled = core.compile_model(core.read_model(file.path), "CPU", exact)

    def run(x: Array) -> Outputs:
        outputs = compiled(x)
        return [np.array(outputs[name]) for name in file.outputs]

    return run


def _torchscript(file: ExportedFile) -> Run:
    return _torch(torch.jit.load(file.path))


def _pt2(file: ExportedFile) -> Run:
    return _torch(torch.export.load(file.path).module())


def _torch(program: Any) -> Run:
    def run(x: Array) -> Outputs:
        with torch.no_grad():
            return [output.numpy() for output in program(torch.from_numpy(x))]

    return run


def _ncnn(file: ExportedFile) -> Run:
    ncnn = optional_module("ncnn")
    net = ncnn.Net()
    # By default values are rounded to 16 bits where the processor can.
    for word in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_storage"):
        setattr(net.opt, f"use_{word}", False)
    net.opt.num_threads = 1  # more would wait for each other where torch's are at work
    for load, path in (
        (net.load_param, file.path),
        (net.load_model, file.path.with_suffix(".bin")),
    ):
        if load(str(path)):
            raise DarknetError(f"ncnn does not read {path}")

    def run(x: Array) -> Outputs:
        images = [_extracted(ncnn, net, file, image) for image in x]
        return [np.concatenate(each) for each in zip(*images, strict=True)]

    return run


def _extracted(ncnn: Any, net: Any, file: ExportedFile, image: Array) -> Outputs:
    """The outputs for one image (C, H, W), each with a first axis of 1."""
    extractor = net.create_extractor()
    (name,) = net.input_names()
    extractor.input(name, ncnn.Mat(np.ascontiguousarray(image)))
    outputs = [extractor.extract(output)[1] for output in file.outputs]
    return [np.array(output)[None] for output in outputs]


def _safetensors(file: ExportedFile) -> Run:
    """Our own network, with what is in the file."""
    network = Network(file.graph, start=False)
    read_safetensors(network, file.path)
    return _torch(network)


NO_NMS = {"nms": "OpenCV 5.0 keeps the number of boxes of its first call; use --form boxes for it"}

RUNTIMES = {
    "onnxruntime": Runtime("onnxruntime", _onnxruntime),
    "opencv": Runtime("cv2", _opencv, unfit=NO_NMS),
    "openvino": Runtime("openvino", _openvino),
    "torchscript": Runtime("torch", _torchscript),
    "pt2": Runtime("torch", _pt2),
    "ncnn": Runtime("ncnn", _ncnn),
    "safetensors": Runtime("safetensors", _safetensors),
}
"""To add a runtime, add a row, and its name to formats of conversion.formats.FORMATS."""
