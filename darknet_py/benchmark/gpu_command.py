"""What `benchmark --gpu` does: one table of all that a GPU is to show, in about eight minutes."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import click

from darknet_py.benchmark.gpu_rows import GpuNet, GpuPlan, full_plan
from darknet_py.engines.devices import checked_device
from darknet_py.errors import DarknetError
from darknet_py.files import require_writable
from darknet_py.options.benchmarking import BenchmarkOptions

if TYPE_CHECKING:
    from darknet_py.benchmark.gpu_runs import GpuOutcome

TABLE = "gpu-table.json"
OWN = (
    *("weights", "engines", "precision", "compiled", "batch", "runs", "seconds", "seed", "parts"),
    *("image", "layers", "chart", "threads", "width", "height", "fork"),
)
"""Options that the table has its own values for."""


def run_gpu(options: BenchmarkOptions, plan: GpuPlan | None = None) -> int:
    """Measure and write; returns the exit code, 1 where no row could be measured.

    plan: None takes the whole of it, on CUDA alone: a CPU would take hours.
    """
    _refuse_others(options)
    path = Path(options.out or TABLE)
    require_writable(path)
    device = checked_device(options.chosen_device)
    if plan is None and device.type != "cuda":
        raise DarknetError(f"benchmark --gpu: there is no CUDA device here, only '{device}'")

    from darknet_py.benchmark.gpu_report import GpuReport, markdown_path
    from darknet_py.benchmark.gpu_runs import measured, peaks_of
    from darknet_py.benchmark.machine import machine

    plan = plan or full_plan(GpuNet(options.cfg) if options.cfg else None)
    rows = plan.rows()
    outcomes: list[GpuOutcome] = []
    click.echo(f"products of matrices in {', '.join(plan.precisions)} ...", err=True)
    peaks = peaks_of(device, list(plan.precisions))
    for outcome in measured(rows, device, 60 * options.minutes):
        outcomes.append(outcome)
        click.echo(_said(outcome, len(outcomes), len(rows)), err=True)
        # Row by row, so that whatever ends this leaves what there is.
        GpuReport(machine(device), peaks, rows, outcomes).save(path)
    click.echo(GpuReport(machine(device), peaks, rows, outcomes).markdown())
    click.echo(f"{path} and {markdown_path(path)} are written", err=True)
    return 0 if any(outcome.latency for outcome in outcomes) else 1


def _said(outcome: GpuOutcome, number: int, count: int) -> str:
    row = outcome.row
    name = f"{row.net.cfg} {row.net.side or ''} {row.form} {row.precision} batch {row.batch}"
    result = outcome.error or f"{outcome.images_per_s:.1f} images/s"
    return f"{number} of {count}: {name}: {result}"


def _refuse_others(options: BenchmarkOptions) -> None:
    """An option of the other table would be ignored."""
    usual = {field.name: field.default for field in dataclasses.fields(BenchmarkOptions)}
    for name in OWN:
        if getattr(options, name) != usual[name]:
            word = {"compiled": "compile"}.get(name, name)
            raise DarknetError(f"--gpu has rows of its own; leave out {word}")
