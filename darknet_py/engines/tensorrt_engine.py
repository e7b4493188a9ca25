"""The network on TensorRT, which onnxruntime drives."""

from __future__ import annotations

from typing import Any, ClassVar

import tensorrt  # noqa: F401 - it loads the libraries that onnxruntime looks for

from darknet_py.engines.cache_folder import private_folder
from darknet_py.engines.onnxruntime_engine import OnnxRuntime

FLAGS = {"fp32": [], "bf16": ["trt_bf16_enable"], "fp16": ["trt_fp16_enable"]}


class TensorRt(OnnxRuntime):
    """Engines of TensorRT are kept in the cache folder: making one takes minutes."""

    PROVIDERS: ClassVar[dict[str, str]] = {"cuda": "TensorrtExecutionProvider"}
    PRECISIONS: ClassVar[tuple[str, ...]] = tuple(FLAGS)

    def options(self) -> dict[str, Any]:
        cache = {"trt_engine_cache_enable": True, "trt_engine_cache_path": str(private_folder())}
        return super().options() | cache | dict.fromkeys(FLAGS[self.config.precision], True)
