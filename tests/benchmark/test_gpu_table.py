"""`benchmark --gpu` from its rows to its files, at tiny sizes on the CPU."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from support import tiny_detector

from darknet_py.benchmark import gpu_command, gpu_runs, gpu_works
from darknet_py.benchmark.gpu_command import run_gpu
from darknet_py.benchmark.gpu_report import GpuReport
from darknet_py.benchmark.gpu_rows import FORMS, INFERENCE, GpuNet, GpuPlan, GpuRow, training_rows
from darknet_py.benchmark.gpu_runs import GpuOutcome, measured, outcome_of, peaks_of
from darknet_py.benchmark.machine import machine
from darknet_py.benchmark.timing import latency
from darknet_py.errors import DarknetError
from darknet_py.options.benchmarking import BenchmarkOptions

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_runs, "SECONDS", 0.01)
    monkeypatch.setattr(gpu_runs, "matmul_peak", lambda device, dtype: 1e12)
    monkeypatch.setattr(gpu_runs, "take_turns", lambda works, blocks, progress: [[0.01, 0.02]])
    monkeypatch.setattr(gpu_runs, "warmed_up", called_once)
    monkeypatch.setattr(gpu_runs, "_free", lambda device: None)
    monkeypatch.setattr(gpu_runs, "Meter", lambda device: SimpleNamespace(growth=lambda: None))


def called_once(call: Callable[[], object]) -> float:
    call()
    return 1.0


def options(out: Path, **more: object) -> BenchmarkOptions:
    return BenchmarkOptions(cfg="", nogpu=True, out=str(out), **more)  # type: ignore[arg-type]


def test_from_the_rows_to_the_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = GpuNet(str(tiny_detector.files(tmp_path)[0]))
    forms = {form: turn for form, turn in FORMS.items() if form != "compiled"}
    trained = training_rows(net, ("fp32",), 2)
    plan = GpuPlan({net: 0, GpuNet("absent"): 9}, {"fp32": 0}, {1: 0}, forms, trained)
    out = tmp_path / "t.json"
    assert run_gpu(options(out), plan) == 0
    facts = json.loads(out.read_text())
    assert facts["matmul_flops_per_s"] == {"fp32": 1e12} and facts["left_out"] == []
    done = [row for row in facts["rows"] if "error" not in row]
    assert {row["form"] for row in done} == {*forms, "twin step", "Trainer.step"}
    assert all(row["median_ms"] == pytest.approx(15) for row in done)
    by_form = {row["form"]: row for row in done}
    assert by_form["graphs"]["twin_ratio"] == by_form["Trainer.step"]["twin_ratio"] == 1
    assert by_form["twin graphs"]["twin_ratio"] is None
    assert by_form["Trainer.step"]["images_per_s"] == pytest.approx(2 / 0.015)
    step, forward = by_form["twin step"], by_form["twin graphs"]
    assert step["flops_per_s"] == pytest.approx(2 * 3 * forward["flops_per_s"])
    failed = [row for row in facts["rows"] if "error" in row]
    assert len(failed) == len(forms)
    assert {row["error"] for row in failed} == {"absent: no such file; check the path"}
    table = out.with_suffix(".md").read_text()
    assert (
        "| n | training | Trainer.step | fp32 | 2 | 15.000 | 19.000 | 133.3 | 0% | 1.00 |  |"
        in table
    )
    said = capsys.readouterr()
    assert table in said.out
    assert "12 of 12: absent" in said.err and "no such file" in said.err


def row(form: str = "graphs", precision: str = "fp32") -> GpuRow:
    return GpuRow(GpuNet("yolov3", 416), INFERENCE, form, precision, 2)


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (torch.OutOfMemoryError("CUDA out of memory.\nTried 2 GiB"), "OutOfMemoryError: CUDA out"),
        (DarknetError("the bare twin knows no [x]"), "the bare twin knows no [x]"),
        (ValueError("odd"), "ValueError: odd"),
    ],
)
def test_a_row_that_fails_is_a_row(
    failure: Exception, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(row: GpuRow, device: torch.device) -> gpu_works.GpuWork:
        if row.form == "eager":
            raise failure
        return gpu_works.GpuWork(lambda: None, 1e9)

    monkeypatch.setattr(gpu_runs, "work_of", fail)
    outcomes = list(measured([row("eager"), row()], CPU, 60))
    assert outcomes[0].error.startswith(said) and "\n" not in outcomes[0].error
    assert outcomes[1].images_per_s == pytest.approx(2 / 0.015)


def test_no_row_begins_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_runs, "outcome_of", lambda row, device: GpuOutcome(row))
    times = iter([0.0, 1.0, 59.0, 60.0])
    rows = [row(), row("eager"), row("compiled")]
    done = list(measured(rows, CPU, 60, lambda: next(times)))
    assert [outcome.row for outcome in done] == rows[:2]
    report = GpuReport(machine(CPU), {"fp32": 1e12}, rows, done)
    assert report.to_json()["left_out"][0]["form"] == "compiled"
    assert report.markdown().endswith("1 of 3 rows were left out: no time was left.\n")


def test_shares_and_ratios() -> None:
    ours = GpuOutcome(row(), latency([0.004]), flops=1e9)
    twin = GpuOutcome(row("twin graphs"), latency([0.002]), flops=1e9)
    report = GpuReport(machine(CPU), {"fp32": 2e12}, [], [ours, twin])
    assert report.peak_share(ours) == pytest.approx(0.25)
    assert report.twin_ratio(ours) == pytest.approx(2)
    alone = replace(report, outcomes=[ours])
    assert alone.twin_ratio(ours) is None


def test_a_precision_that_is_not_there_is_no_row_of_fp32() -> None:
    net = GpuNet("yolov4-tiny", 32)
    outcome = outcome_of(GpuRow(net, INFERENCE, "graphs", "tf32", 1), CPU)
    assert outcome.error == "this device has no instructions for tf32"


def test_peaks_are_those_of_the_arithmetic(monkeypatch: pytest.MonkeyPatch) -> None:
    def peak(device: torch.device, dtype: torch.dtype) -> float:
        return 2.0 if torch.backends.cuda.matmul.allow_tf32 else 1.0

    monkeypatch.setattr(gpu_runs, "matmul_peak", peak)
    assert peaks_of(CPU, ["fp32", "tf32", "bf16"]) == {"fp32": 1, "tf32": 2, "bf16": 1}


def test_without_cuda_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(DarknetError, match="there is no CUDA device here, only 'cpu'"):
        run_gpu(options(tmp_path / "t.json"))


@pytest.mark.parametrize("more", [{"compiled": True}, {"batch": (2,)}, {"weights": "a.weights"}])
def test_options_of_the_other_table_are_refused(more: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(DarknetError, match="--gpu has rows of its own; leave out"):
        run_gpu(options(tmp_path / "t.json", **more))


def test_every_option_is_used_or_refused() -> None:
    used = {"cfg", "gpu_table", "minutes", "out", "gpu", "nogpu", "device"}
    assert {*gpu_command.OWN, *used} == set(BenchmarkOptions.__dataclass_fields__)
