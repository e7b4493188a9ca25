"""`export` from the command line."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from darknet_py.cli.main import main
from darknet_py.export.box_difference import box_difference
from darknet_py.export.verify import TOLERANCE

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
NET = [str(GOLDEN / "yolov3" / "net.cfg"), str(GOLDEN / "yolov3" / "net.weights")]

pytest.importorskip("onnx", reason="needs pip install onnx")
pytest.importorskip("onnxruntime", reason="needs pip install onnxruntime onnx")


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def image(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(3).integers(0, 256, (40, 60, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "one.png"), pixels)
    return tmp_path / "one.png"


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


def test_without_a_runtime(tmp_path: Path, image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    result = run("export", *NET, image, "-o", tmp_path / "net.onnx")
    cure = "onnxruntime: onnxruntime is not installed; pip install onnxruntime"
    assert cure in result.output and result.exit_code == 1


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
    ],
)
def test_refusals(
    words: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("export", *NET, *words)
    assert result.exit_code == 1 and message in result.output
    assert list(tmp_path.iterdir()) == []


def test_the_size_and_the_name_of_the_cfg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    onnx = pytest.importorskip("onnx")
    monkeypatch.chdir(tmp_path)
    assert run("export", *NET, "-width", 32, "-height", 96, "--batch", 3).exit_code == 0
    (entry,) = onnx.load("net.onnx").graph.input
    shape = [axis.dim_value for axis in entry.type.tensor_type.shape.dim]
    assert shape == [3, 3, 96, 32]


def test_box_difference() -> None:
    import torch

    row = torch.tensor([[0, 1, 0.9, 0.5, 0.5, 0.1, 0.1], [0, 2, 0.2501, 0.1, 0.1, 0.1, 0.1]])
    moved = row + torch.tensor([0, 0, 1e-5, 0, 0, 0, 2e-4])
    same = box_difference(row, moved, 0.25, TOLERANCE)
    assert (same.boxes, same.unmatched) == (2, 0)
    assert same.largest == pytest.approx(2e-4, rel=0.01)
    # What is at the threshold may be missing, what is above it may not.
    assert box_difference(row, row[:1], 0.25, TOLERANCE).unmatched == 0
    assert box_difference(row, row[1:], 0.25, TOLERANCE).unmatched == 1
    other_class = row[:1] + torch.tensor([0, 1, 0, 0, 0, 0, 0])
    assert box_difference(row[:1], other_class, 0.25, TOLERANCE).unmatched == 2
