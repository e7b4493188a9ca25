"""The table and the JSON."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from support.bench_rows import row

from darknet_py.benchmark.bench_report import Report
from darknet_py.benchmark.engine_runs import BenchmarkRow, Failure
from darknet_py.benchmark.entries import Entry
from darknet_py.benchmark.layers import LayerTime, by_kind, layer_lines
from darknet_py.benchmark.machine import Machine
from darknet_py.benchmark.parts import Part, Parts
from darknet_py.layers.shape import Shape

MACHINE = Machine("A CPU", 8, 4, "cpu", "Linux", "3.12.1", "2.9.0", "0.1.0")
LAYERS = (
    LayerTime(0, "convolutional", "16", "3 x 3/ 1", Shape(16, 32, 64), 3.0, 0.3, 2e9),
    LayerTime(1, "maxpool", "", "2 x 2/ 2", Shape(16, 16, 32), 2.0, 0.2, 1e8),
    LayerTime(2, "convolutional", "8", "1 x 1/ 1", Shape(8, 16, 32), 5.0, 0.5, 4e9),
)


def report(*rows: BenchmarkRow, **changes: object) -> Report:
    found = Report(
        cfg="cfg/net.cfg",
        weights=None,
        seed=7,
        fork="alexeyab",
        input=Shape(3, 32, 64),
        flops=2e9,
        machine=MACHINE,
        peaks={"fp32": 400e9, "bf16": 800e9, "fp16": 1e9},
        rows=rows,
        failures=[Failure(Entry("openvino", batch=8), "is not there")],
    )
    return dataclasses.replace(found, **changes)


def test_json_of_an_engine() -> None:
    facts = report(row("torch", "bf16", 10.0, 2, compiled=True)).to_json()
    assert facts["engines"] == [
        {
            "engine": "torch",
            "precision": "bf16",
            "compiled": True,
            "batch": 2,
            "calls": 50,
            "min_ms": 9.0,
            "median_ms": 10.0,
            "p50_ms": 10.0,
            "p90_ms": 11.0,
            "p99_ms": 12.0,
            "mean_ms": 10.5,
            "version": "1.2",
            "images_per_s": 200.0,
            "ratio": 1.0,
            "ratio_to_fastest": 2.5,
            "prepare_s": 0.5,
            "first_call_s": 0.25,
            "memory_bytes": 2**20,
            "difference": 0.0,
            "flops_per_s": 400e9,
            "peak_share": 0.5,
        }
    ]


def test_json_around_it() -> None:
    facts = report(row("torch", "fp32", 10.0)).to_json()
    assert facts["failed"] == [
        {
            "engine": "openvino",
            "precision": "fp32",
            "compiled": False,
            "batch": 8,
            "error": "is not there",
        }
    ]
    assert (facts["weights"], facts["seed"], facts["input"]) == (None, 7, [3, 32, 64])
    assert facts["machine"]["cpu"] == "A CPU"
    assert facts["machine"]["threads"] == 4
    assert facts["matmul_flops_per_s"]["bf16"] == 800e9
    assert "parts" not in facts
    assert "layers" not in facts


def test_json_of_parts_and_layers(tmp_path: Path) -> None:
    parts = Parts("torch fp32", "a.jpg", 4, 2, (Part("decode", 1.0), Part("forward", 3.0)), 5)
    path = tmp_path / "b.json"
    report(row("torch", "fp32", 1.0), parts=parts, layers=LAYERS).save(path)
    facts = json.loads(path.read_text())
    assert facts["parts"] == {
        "entry": "torch fp32",
        "image": "a.jpg",
        "width": 4,
        "height": 2,
        "parts": {"decode_ms": 1.0, "forward_ms": 3.0},
        "boxes": 5,
        "total_ms": 4.0,
    }
    assert [layer["ms"] for layer in facts["layers"]] == [3.0, 2.0, 5.0]
    assert facts["layers"][0]["output"] == [16, 32, 64]
    assert facts["kinds"][0] == {"kind": "convolutional", "layers": 2, "ms": 8.0, "share": 0.8}


def test_a_precision_without_instructions_is_measured_by_fp32() -> None:
    slow = row("torch", "fp16", 10.0)
    assert report(slow).peak_share(slow) == pytest.approx(200e9 / 400e9)


def test_the_table() -> None:
    rows = row("torch", "fp32", 10.0), row("torch", "fp32", 4.0, asked=True, difference=None)
    lines = list(report(*rows, row("torch", "fp32", 50.0, 8)).lines())
    assert lines[0] == (
        "net.cfg 64 x 32, 2.00 BFLOPs an image, random weights (seed 7), fork alexeyab"
    )
    assert lines[1] == "A CPU, 4 of 8 threads; on cpu"
    assert "batch 1: 50 calls of each, in turns" in lines
    assert "batch 8: 50 calls of each, in turns" in lines
    first = next(line for line in lines if line.startswith("torch fp32 "))
    cells = "10.00 9.00 11.00 12.00 100.0 2.50 200.0 50% 0.50 0.25 1 0.0e+00"
    assert first.split() == ["torch", "fp32", *cells.split()]
    fallen = next(line for line in lines if "compiled" in line)
    assert fallen.startswith("torch fp32 compiled (not: eager) ")
    assert fallen.endswith(" -")


def test_parts_are_printed_with_their_shares() -> None:
    parts = Parts("torch fp32", "a.jpg", 4, 2, (Part("decode", 1.0), Part("forward", 3.0)), None)
    lines = list(report(row("torch", "fp32", 1.0), parts=parts).lines())
    assert "  decode         1.000 ms  25.0%" in lines
    assert "  all            4.000 ms, no detection head" in lines
    assert "random weights" in lines[-1]
    trained = list(report(row("torch", "fp32", 1.0), parts=parts, weights="w").lines())
    assert not any("random weights" in line for line in trained)


def test_layers_are_listed_slowest_first_and_summed_by_kind() -> None:
    lines = list(layer_lines(LAYERS))
    assert [line.split()[:3] for line in lines[2:5]] == [
        ["0", "2", "convolutional"],
        ["1", "0", "convolutional"],
        ["2", "1", "maxpool"],
    ]
    assert lines[2].split()[-3:] == ["5.000", "50.0%", "4.0"]
    assert [(kind.kind, kind.layers, kind.ms) for kind in by_kind(LAYERS)] == [
        ("convolutional", 2, 8.0),
        ("maxpool", 1, 2.0),
    ]
