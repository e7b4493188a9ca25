"""`export` from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.export_run import NET, run

pytest.importorskip("onnx", reason="needs pip install onnx")
pytest.importorskip("onnxruntime", reason="needs pip install onnxruntime onnx")


def test_the_size_and_the_name_of_the_cfg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    onnx = pytest.importorskip("onnx")
    monkeypatch.chdir(tmp_path)
    assert run("export", *NET, "-width", 32, "-height", 96, "--batch", 3).exit_code == 0
    (entry,) = onnx.load("net.onnx").graph.input
    shape = [axis.dim_value for axis in entry.type.tensor_type.shape.dim]
    assert shape == [3, 3, 96, 32]
