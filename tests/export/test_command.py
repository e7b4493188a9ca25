"""What `export` refuses, and what it then leaves behind: nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.export_run import NET, run

pytest.importorskip("onnx", reason="needs pip install onnx")
pytest.importorskip("onnxruntime", reason="needs pip install onnxruntime onnx")


def test_without_onnx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    result = run("export", *NET, "-o", tmp_path / "net.onnx")
    assert result.exit_code == 1
    assert "onnx is not installed; pip install onnx" in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--dynamic", "depth"], "--dynamic depth: read 'depth', known are batch and size"),
        (["--format", "openvino", "-o", "net.bin"], "expected a name that ends in .xml"),
        (["-o", "no/where.onnx"], "the folder no does not exist"),
        (["--form", "nms", "--format", "pt2"], "use --form boxes"),
        (["--format", "ncnn", "-o", "net.bin"], "in .param; a .bin and a .json go beside it"),
        (["--format", "ncnn", "--form", "nms"], "--format ncnn --form nms: it is written for ncnn"),
        (["--format", "ncnn", "--batch", "2"], "single images of one size; leave out --batch and"),
        (["--format", "safetensors", "--form", "raw"], "it holds weights and no program; use"),
        (["--format", "safetensors", "--dynamic", "size"], "leave out --batch and --dynamic"),
    ],
)
def test_refusals(
    words: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("export", *NET, *words)
    assert result.exit_code == 1 and message in result.output
    assert list(tmp_path.iterdir()) == []
