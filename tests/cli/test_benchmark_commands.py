"""benchmark, speed, ops and -benchmark_layers from the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from support import fake_engine, tiny_detector

from darknet_py.benchmark import bench_session
from darknet_py.cli.main import main
from darknet_py.engines import devices


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_session, "matmul_peak", lambda device, dtype: 1e9)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return tiny_detector.files(tmp_path)


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def engines(path: Path) -> list[dict[str, object]]:
    return json.loads(path.read_text())["engines"]


def test_lists_are_multiplied_out(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "computes", lambda dtype: True)
    out = tmp_path / "b.json"
    lists = ("--precision", "fp32,bf16", "--batch", "1, 2")
    result = run("benchmark", files[0], "--nogpu", *lists, "-runs", 3, "-o", out)
    assert result.exit_code == 0, result.output
    assert [(row["batch"], row["precision"], row["calls"]) for row in engines(out)] == [
        (1, "fp32", 3),
        (1, "bf16", 3),
        (2, "fp32", 3),
        (2, "bf16", 3),
    ]
    facts = json.loads(out.read_text())
    assert (facts["cfg"], facts["weights"], facts["seed"]) == (str(files[0]), None, 0)
    assert facts["input"] == [3, 32, 64]
    assert facts["matmul_flops_per_s"] == {"fp32": 1e9, "bf16": 1e9}
    assert "batch 2: 3 calls of each, in turns" in result.stdout
    assert result.stderr == ""


def test_all_that_can_be_asked_for(files: tuple[Path, Path], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    (image,) = tiny_detector.save(tmp_path, "a.jpg")
    out, chart = tmp_path / "b.json", tmp_path / "c.png"
    asked = ("--parts", "--image", image, "--layers", "--chart", chart, "--threads", 1)
    size = ("--width", 96, "--height", 64, "--seed", 5, "--fork", "pjreddie")
    result = run("benchmark", *files, "--device", "cpu", "--runs", 2, "-o", out, *asked, *size)
    assert result.exit_code == 0, result.output
    facts = json.loads(out.read_text())
    assert (facts["weights"], facts["seed"], facts["fork"]) == (str(files[1]), 5, "pjreddie")
    assert facts["input"] == [3, 64, 96]
    assert facts["machine"]["threads"] == 1
    assert facts["parts"]["image"] == str(image)
    assert set(facts["parts"]["parts"]) == {"decode_ms", "preprocess_ms", "forward_ms", "boxes_ms"}
    assert [layer["kind"] for layer in facts["layers"]] == ["convolutional"] * 2 + ["yolo"]
    assert "Sorted by time (forward)" in result.stdout
    assert chart.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "code", "ran"),
    [
        ("all", 0, ["torch", "shifted"]),
        ("all,refusing", 1, ["torch", "shifted"]),
        ("shifted,missing", 1, ["shifted"]),
        ("torch", 0, ["torch"]),
    ],
)
def test_an_engine_that_was_named_has_to_run(
    words: str,
    code: int,
    ran: list[str],
    files: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake_engine.add_to_table(monkeypatch, "shifted", "refusing", "missing")
    out = tmp_path / "b.json"
    result = run("benchmark", files[0], "--nogpu", "--engines", words, "--runs", 1, "-o", out)
    assert result.exit_code == code, result.output
    assert [row["engine"] for row in engines(out)] == ran
    failed = json.loads(out.read_text())["failed"]
    lines = result.stderr.splitlines()
    assert lines == [
        f"darknet-py: {each['engine']} fp32, batch 1: {each['error']}" for each in failed
    ]
    assert len(failed) == {"all": 1, "torch": 0}.get(words, 1)


def test_a_precision_the_processor_lacks_is_no_row(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "computes", lambda dtype: dtype == torch.float32)
    out = tmp_path / "b.json"
    lists = ("--precision", "fp32,bf16", "--runs", 1)
    result = run("benchmark", files[0], "--nogpu", *lists, "-o", out)
    assert result.exit_code == 1
    assert [row["precision"] for row in engines(out)] == ["fp32"]
    assert "torch bf16, batch 1: this processor has no instructions for bf16" in result.stderr


def test_nothing_ran(files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    fake_engine.add_to_table(monkeypatch, "refusing")
    result = run("benchmark", files[0], "--nogpu", "--engines", "refusing", "--parts")
    assert result.exit_code == 1
    assert result.stderr == ("darknet-py: refusing fp32, batch 1: no such device; use another\n")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("--engines troch", 1, "unknown engine 'troch', known are torch"),
        ("--precision fp32,fp8", 2, "'fp8' is not one of 'fp32', 'tf32', 'bf16', 'fp16', 'int8'"),
        ("--batch 1,x", 2, "'x' is not a valid integer"),
        ("--batch 0", 2, "0 is not in the range 1<=x<=65536"),
        ("--runs 0", 2, "0 is not in the range x>=1"),
        ("--seconds 0", 2, "0.0 is not in the range x>0"),
        ("--image a.jpg", 1, "--image is what --parts measures; give --parts as well"),
        ("--device cud", 1, "unknown device 'cud', expected cpu, cuda"),
        ("-o no/such/b.json", 1, "the folder no/such does not exist"),
        ("--chart b.bmp", 1, "figures are drawn as .png"),
        ("--parts --image none.jpg", 1, "none.jpg: no such file"),
        ("--batch 65536 --width 4096 --height 4096", 1, "one forward pass needs about"),
    ],
)
def test_errors_are_one_line(words: str, code: int, message: str, files: tuple[Path, Path]) -> None:
    if "--chart" in words:
        pytest.importorskip("matplotlib")
    result = run("benchmark", files[0], *words.split())
    assert result.exit_code == code, result.output
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_a_chart_without_matplotlib(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    result = run("benchmark", files[0], "--chart", "c.png")
    assert result.exit_code == 1
    assert "--chart needs the package matplotlib: pip install matplotlib" in result.stderr


def test_ops(files: tuple[Path, Path]) -> None:
    operations = 2 * 16 * 32 * (8 * 3 * 9 + 16 * 8)
    result = run("ops", files[0])
    assert result.stdout == (
        f"Floating Point Operations: {operations}\n"
        f"Floating Point Operations: {operations / 1e9:.2f} Bn\n"
    )
    twice = run("ops", files[0], "--width", 128).stdout
    assert twice.startswith(f"Floating Point Operations: {2 * operations}\n")


def test_speed(files: tuple[Path, Path]) -> None:
    result = run("speed", files[0], 3, "-nogpu", "--precision", "bf16")
    assert result.exit_code == 0, result.output
    starts = [
        "",
        "3 evals, ",
        "Speed: ",
        "Speed: ",
    ]
    lines = result.stdout.splitlines()
    assert [line.startswith(start) for line, start in zip(lines, starts, strict=True)] == [True] * 4
    seconds, hertz = (float(line.split()[1]) for line in lines[-2:])
    assert seconds * hertz == pytest.approx(1, rel=0.01)


def test_speed_refuses_before_it_runs(files: tuple[Path, Path]) -> None:
    result = run("speed", files[0], "--engine", "troch")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "did you mean 'torch'?" in result.stderr


def test_benchmark_layers_of_detector_test(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (image,) = tiny_detector.save(tmp_path, "a.jpg")
    result = run("detect", *files, image, "-nogpu", "-benchmark_layers")
    assert result.exit_code == 0, result.output
    _, _, layers = result.stdout.partition("Sorted by time (forward)")
    assert len(layers.splitlines()) == 2 + 3 + 1 + 2
    assert "yolo" in layers
    assert "Sorted" not in run("detect", *files, image, "-nogpu").stdout
