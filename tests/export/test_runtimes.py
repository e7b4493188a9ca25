"""The libraries that run what `export` writes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.export_run import NET, run

pytest.importorskip("onnx", reason="needs pip install onnx")
pytest.importorskip("onnxruntime", reason="needs pip install onnxruntime onnx")


def test_without_a_runtime(tmp_path: Path, image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    result = run("export", *NET, image, "-o", tmp_path / "net.onnx")
    cure = "onnxruntime: onnxruntime is not installed; pip install onnxruntime"
    assert cure in result.output and result.exit_code == 1
