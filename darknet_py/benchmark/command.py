"""What `benchmark` does: files in, a table on stdout, JSON and a chart out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from darknet_py.benchmark.entries import Entry, entries
from darknet_py.engines.devices import checked_device
from darknet_py.errors import DarknetError
from darknet_py.files import require_writable
from darknet_py.network import weights_layout
from darknet_py.network.graph import Graph, read_graph
from darknet_py.network.load import require_memory
from darknet_py.options.measuring import BenchmarkOptions
from darknet_py.plots import require_matplotlib, require_picture

if TYPE_CHECKING:
    from darknet_py.benchmark.bench_report import Report
    from darknet_py.benchmark.engine_runs import Failure


def run(job: BenchmarkOptions) -> int:
    """Measure and report; returns the exit code.

    1 if no entry ran, or one whose engine was named could not. Whatever can be refused is refused
    before torch is imported.
    """
    chosen = entries(job.engines, job.precision, job.compiled, job.batch)
    _refuse_unwritable(job)
    _refuse_image(job)
    graph, plan = _read(job)
    report = _measured(job, chosen, graph, plan)
    click.echo("\n".join(report.lines()))
    _write(job, report)
    return _code(report.failures, ran=bool(report.rows))


def print_layers(job: BenchmarkOptions) -> None:
    """The table of --layers alone: what -benchmark_layers adds to `detector test`."""
    graph, plan = _read(job)

    from darknet_py.benchmark.bench_session import measure_layers
    from darknet_py.benchmark.layers import layer_lines

    device = checked_device(job.chosen_device)
    click.echo("\n".join(layer_lines(measure_layers(job, graph, plan, device))))


def _read(job: BenchmarkOptions) -> tuple[Graph, weights_layout.Layout | None]:
    """The cfg, and what the weights file holds of it."""
    # Single pictures, as `detect` sees them: AlexeyAB's inference sets time_steps=1 as well.
    graph = read_graph(job.cfg, width=job.width, height=job.height, fork=job.fork, time_steps=1)
    plan = weights_layout.plan(graph, job.weights) if job.weights else None
    require_memory(graph, max(job.batch))
    return graph, plan


def _refuse_unwritable(job: BenchmarkOptions) -> None:
    if job.out:
        require_writable(Path(job.out))
    if job.chart:
        require_matplotlib("--chart")
        require_picture(Path(job.chart))
        require_writable(Path(job.chart))


def _refuse_image(job: BenchmarkOptions) -> None:
    """Say so before minutes have been spent on engines."""
    if job.image is None:
        return
    if not job.parts:
        raise DarknetError("--image is what --parts measures; give --parts as well")

    from darknet_py.images.io import check_image

    check_image(job.image)


def _measured(
    job: BenchmarkOptions, chosen: Sequence[Entry], graph: Graph, plan: weights_layout.Layout | None
) -> Report:
    from darknet_py.benchmark.bench_session import measure

    device = checked_device(job.chosen_device)
    report = measure(job, chosen, graph, plan, device)
    for failure in report.failures:
        label = f"{failure.entry.label}, batch {failure.entry.batch}"
        click.echo(f"darknet-py: {label}: {failure.error}", err=True)
    return report


def _write(job: BenchmarkOptions, report: Report) -> None:
    if job.out:
        report.save(Path(job.out))
    if job.chart and report.rows:
        from darknet_py.benchmark.bench_chart import draw_chart

        draw_chart(Path(job.chart), report.rows, report.title)


def _code(failures: Sequence[Failure], ran: bool) -> int:
    return 0 if ran and not any(failure.entry.named for failure in failures) else 1
