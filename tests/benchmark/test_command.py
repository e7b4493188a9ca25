"""What `benchmark` refuses before it measures, and its exit code."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support import tiny_detector

from darknet_py.benchmark.command import print_layers, run
from darknet_py.errors import DarknetError
from darknet_py.options.benchmarking import BenchmarkOptions


@pytest.fixture
def cfg(tmp_path: Path) -> str:
    return str(tiny_detector.files(tmp_path)[0])


def test_an_image_is_for_parts(cfg: str) -> None:
    with pytest.raises(DarknetError, match="--image is what --parts measures"):
        run(BenchmarkOptions(cfg=cfg, image="a.png", nogpu=True))


def test_torch_has_no_int8_to_time(cfg: str) -> None:
    with pytest.raises(DarknetError, match="--layers times the layers on torch, which has no int8"):
        run(BenchmarkOptions(cfg=cfg, layers=True, precision=("int8", "fp32"), nogpu=True))


def test_what_cannot_be_written_is_refused(cfg: str, tmp_path: Path) -> None:
    with pytest.raises(DarknetError, match="gone"):
        run(BenchmarkOptions(cfg=cfg, out=str(tmp_path / "gone" / "b.json"), nogpu=True))


def test_a_run_prints_its_rows_and_says_0(cfg: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(BenchmarkOptions(cfg=cfg, runs=2, batch=(1, 2), nogpu=True)) == 0
    out = capsys.readouterr().out
    assert "batch 1: 2 calls of each" in out and "batch 2: 2 calls of each" in out


def test_layers_alone(cfg: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_layers(BenchmarkOptions(cfg=cfg, runs=1, nogpu=True))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Sorted by time") and "By kind:" in lines
    assert sum("convolutional" in line for line in lines) == 3


def test_the_image_of_parts_is_read_before_anything_is_measured(
    cfg: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("darknet_py.benchmark.bench_session.measure", None)
    path = tmp_path / "a.png"
    path.write_text("no image")
    with pytest.raises(DarknetError, match=r"a\.png: not an image"):
        run(BenchmarkOptions(cfg=cfg, image=str(path), parts=True, nogpu=True))


def test_a_chart_that_cannot_be_drawn_is_refused(
    cfg: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    with pytest.raises(DarknetError, match="gone"):
        run(BenchmarkOptions(cfg=cfg, chart=str(tmp_path / "gone" / "b.png"), nogpu=True))
    with pytest.raises(DarknetError, match=r"b\.bmp: figures are drawn as"):
        run(BenchmarkOptions(cfg=cfg, chart="b.bmp", nogpu=True))
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(DarknetError, match="--chart needs the package matplotlib"):
        run(BenchmarkOptions(cfg=cfg, chart="b.png", nogpu=True))
