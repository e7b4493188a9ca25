"""A written file is run in its runtimes and compared."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.export_run import NET, run

pytest.importorskip("onnx", reason="needs pip install onnx")
pytest.importorskip("onnxruntime", reason="needs pip install onnxruntime onnx")


@pytest.mark.parametrize("form", ["heads", "boxes", "nms"])
def test_verify_prints_a_line_for_each_runtime(form: str, tmp_path: Path, image: Path) -> None:
    out = tmp_path / "net.onnx"
    result = run("export", *NET, image, "-o", out, "--form", form, "-dynamic", "batch")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0] == f"{out}: {out.stat().st_size / 1e6:.1f} MB"
    said = dict(line.split(":", 1) for line in lines[1:])
    assert [word.split()[0] for word in said][:2] == ["onnxruntime", "opencv"]
    words = next(iter(said.values()))
    assert "boxes, the same to" in words
    assert ("differ by at most" in words) == (form != "nms")


def test_a_file_of_another_network_does_not_pass(
    tmp_path: Path, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import darknet_py.export.verify as room

    ours = room._ours
    monkeypatch.setattr(room, "_ours", lambda *parts: [y + 0.01 for y in ours(*parts)])
    result = run("export", *NET, image, "-o", tmp_path / "net.onnx")
    assert result.exit_code == 1
    assert result.output.count("(above the tolerance of 0.001)") >= 2
