"""A written file is run in its runtimes and compared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from support.export_run import NET, run
from support.layer_check import read

import darknet_py.export.verify as room
from darknet_py.conversion.export_target import ExportTarget
from darknet_py.conversion.formats import FORMATS, FORMS
from darknet_py.export.runtimes import RUNTIMES, Runtime
from darknet_py.network.network import Network

pytest.importorskip("onnx", reason="needs pip install onnx")
pytest.importorskip("onnxruntime", reason="needs pip install onnxruntime onnx")


@pytest.mark.parametrize("form", FORMS)
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
    ours = room._ours
    monkeypatch.setattr(room, "_ours", lambda *parts: [y + 0.01 for y in ours(*parts)])
    result = run("export", *NET, image, "-o", tmp_path / "net.onnx")
    assert result.exit_code == 1
    assert result.output.count("(above the tolerance of 0.001)") >= 2


@pytest.mark.parametrize(
    ("other", "error"), [([1.0, 3.0], 0.25), ([1.0, float("nan")], np.inf), ([1.0], np.inf)]
)
def test_the_error_is_a_share_of_the_largest(other: list[float], error: float) -> None:
    assert room._error(torch.tensor([1.0, 4.0]), torch.tensor(other)) == error
    assert room._error(torch.tensor([0.5]), torch.tensor([0.25])) == 0.25, "of 1 at least"


def test_what_a_library_raises_is_one_line(
    tmp_path: Path, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: object) -> None:
        raise RuntimeError("no such\n  operator")

    runtime = Runtime("onnxruntime", refuse)  # type: ignore[arg-type]
    monkeypatch.setitem(RUNTIMES, "onnxruntime", runtime)
    result = run("export", *NET, image, "-o", tmp_path / "net.onnx")
    line = f"onnxruntime {runtime.version}: cannot run it: no such operator"
    assert result.exit_code == 1 and line in result.output.splitlines()
    assert room._one_line(ValueError()) == "ValueError"
    assert len(room._one_line(ValueError("x" * 1000))) == 300


@pytest.mark.parametrize("channels", [1, 3])
def test_without_an_image_one_is_made(channels: int, tmp_path: Path) -> None:
    cfg = f"[net]\nwidth=64\nheight=48\nchannels={channels}\n[conv]\nfilters=2\n[softmax]\n"
    net = Network(read(cfg))
    (made,) = room.input_images(net, [])
    assert made.shape == (channels, 48, 64)
    assert 0 <= made.min() < 0.2 and 0.8 < made.max() <= 1
    assert torch.equal(made, room.input_images(net, [])[0])


def test_the_last_image_fills_the_batch() -> None:
    images = [torch.full((1, 1, 1), float(number)) for number in range(3)]
    for target, expected in (
        (ExportTarget(batch=2), [[0, 1], [2, 2]]),
        (ExportTarget(batch=4), [[0, 1, 2, 2]]),
        (ExportTarget(dynamic_batch=True), [[0, 1], [2, 2]]),
    ):
        assert [x.flatten().tolist() for x in room._batches(images, target)] == expected


@pytest.mark.parametrize("format", ["ncnn", "safetensors"])
def test_files_without_a_program_of_onnx(format: str, tmp_path: Path, image: Path) -> None:
    pytest.importorskip(format, reason=f"needs pip install {format}")
    out = tmp_path / f"net{FORMATS[format].suffix}"
    result = run("export", *NET, image, "-o", out, "--format", format, "--verify")
    assert result.exit_code == 0, result.output
    version = RUNTIMES[format].version
    assert f"{format} {version}: heads differ by at most" in result.output.splitlines()[-1]
    assert "boxes, the same to" in result.output


@pytest.mark.parametrize("form", ["ultralytics", "deepstream"])
def test_scores_are_not_measured_by_pixels(form: str) -> None:
    rows = torch.tensor([[[200.0, 100, 50, 50, 0.5, 1]]])
    outputs = rows.transpose(1, 2) if form == "ultralytics" else rows
    boxes, scores = room._values(ExportTarget(form=form), [outputs])
    assert boxes.flatten().tolist() == [200, 100, 50, 50]
    # DeepStream's last column is a class number.
    assert scores.flatten().tolist() == ([0.5, 1] if form == "ultralytics" else [0.5])
