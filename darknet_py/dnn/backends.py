"""OpenCV's backends and targets, and what they mean here: an engine, a precision, a device."""

from __future__ import annotations

import logging
from typing import NamedTuple

import torch

from darknet_py.engines.table import EngineConfig, installed

logger = logging.getLogger(__name__)


class BackendChoice(NamedTuple):
    """What was asked for, in OpenCV's numbers."""

    backend: int = 0
    target: int = 0


BACKENDS = {
    "DNN_BACKEND_DEFAULT": 0,
    "DNN_BACKEND_HALIDE": 1,
    "DNN_BACKEND_INFERENCE_ENGINE": 2,
    "DNN_BACKEND_OPENCV": 3,
    "DNN_BACKEND_VKCOM": 4,
    "DNN_BACKEND_CUDA": 5,
    "DNN_BACKEND_WEBNN": 6,
    "DNN_BACKEND_TIMVX": 7,
    "DNN_BACKEND_CANN": 8,
}
TARGETS = {
    "DNN_TARGET_CPU": 0,
    "DNN_TARGET_OPENCL": 1,
    "DNN_TARGET_OPENCL_FP16": 2,
    "DNN_TARGET_MYRIAD": 3,
    "DNN_TARGET_VULKAN": 4,
    "DNN_TARGET_FPGA": 5,
    "DNN_TARGET_CUDA": 6,
    "DNN_TARGET_CUDA_FP16": 7,
    "DNN_TARGET_HDDL": 8,
    "DNN_TARGET_NPU": 9,
    "DNN_TARGET_CPU_FP16": 10,
}
"""The names and numbers of OpenCV 4.13; 5 has the same numbers and fewer names."""
CUDA, OPENVINO = BACKENDS["DNN_BACKEND_CUDA"], BACKENDS["DNN_BACKEND_INFERENCE_ENGINE"]
PLAIN_BACKENDS = (BACKENDS["DNN_BACKEND_DEFAULT"], BACKENDS["DNN_BACKEND_OPENCV"], CUDA, OPENVINO)
CUDA_TARGETS = {TARGETS["DNN_TARGET_CUDA"]: "fp32", TARGETS["DNN_TARGET_CUDA_FP16"]: "fp16"}
CPU_TARGETS = {TARGETS["DNN_TARGET_CPU"]: "fp32", TARGETS["DNN_TARGET_CPU_FP16"]: "fp16"}


def engine_config(choice: BackendChoice) -> EngineConfig:
    """The engine, the precision and the device for a choice; one warning where it cannot be had."""
    backend, target = choice
    if backend == CUDA or target in CUDA_TARGETS:
        return _cuda(choice)
    if backend not in PLAIN_BACKENDS:
        logger.warning("%s is not there; running on the processor", _named(choice))
        return EngineConfig()
    if target not in CPU_TARGETS:
        logger.warning("%s is not there; running on the processor", _named(choice))
    precision = CPU_TARGETS.get(target, "fp32")
    return _openvino(choice, precision) if backend == OPENVINO else EngineConfig("torch", precision)


def _cuda(choice: BackendChoice) -> EngineConfig:
    if torch.cuda.is_available():
        return EngineConfig("torch", CUDA_TARGETS.get(choice.target, "fp32"), device="cuda")
    message = "%s: this torch sees no CUDA device; running on the processor"
    logger.warning(message, _named(choice))
    return EngineConfig()


def _openvino(choice: BackendChoice, precision: str) -> EngineConfig:
    if "openvino" in installed():
        return EngineConfig("openvino", precision)
    message = "%s: needs `pip install openvino onnx`; running on torch"
    logger.warning(message, _named(choice))
    return EngineConfig("torch", precision)


def _named(choice: BackendChoice) -> str:
    backends = {number: name for name, number in BACKENDS.items()}
    targets = {number: name for name, number in TARGETS.items()}
    backend = backends.get(choice.backend, f"backend {choice.backend}")
    return f"{backend}, {targets.get(choice.target, f'target {choice.target}')}"
