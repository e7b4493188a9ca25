"""What TensorRT is told; without one here, by a stand-in for its package."""

from __future__ import annotations

import importlib
import sys
import types
from pathlib import Path

import pytest
import torch

from darknet_py.engines import cache
from darknet_py.engines.table import ENGINES, EngineConfig

pytest.importorskip("onnxruntime", reason="needs pip install onnxruntime")


@pytest.mark.parametrize(
    ("precision", "flags"),
    [("fp32", []), ("fp16", ["trt_fp16_enable"]), ("bf16", ["trt_bf16_enable"])],
)
def test_engines_are_kept_and_the_precision_is_asked_for(
    precision: str, flags: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setitem(sys.modules, "tensorrt", types.ModuleType("tensorrt"))
    kind = importlib.import_module("darknet_py.engines.tensorrt_engine").TensorRt
    assert kind.PROVIDERS == {"cuda": "TensorrtExecutionProvider"}
    assert ENGINES["tensorrt"].precisions == kind.PRECISIONS
    engine = object.__new__(kind)
    engine.device, engine.config = torch.device("cuda:1"), EngineConfig(precision=precision)
    kept = {"trt_engine_cache_enable": True, "trt_engine_cache_path": str(tmp_path)}
    assert engine.options() == {"device_id": 1} | kept | dict.fromkeys(flags, True)
