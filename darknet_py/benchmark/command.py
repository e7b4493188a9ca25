"""What `benchmark` does: files in, a table on stdout, JSON and a chart out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from darknet_py.benchmark.entries import Entry, entries
from darknet_py.engines.devices import checked_device
from darknet_py.engines.table import INT8
from darknet_py.errors import DarknetError
from darknet_py.files import require_writable
from darknet_py.network import weights_layout
from darknet_py.network.graph import Graph, read_graph
from darknet_py.network.load import require_memory
from darknet_py.options.benchmarking import BenchmarkOptions
from darknet_py.plots import require_image, require_matplotlib

if TYPE_CHECKING:
    from darknet_py.benchmark.bench_report import Report
    from darknet_py.benchmark.engine_runs import Failure


def run(options: BenchmarkOptions) -> int:
    """Measure and report; returns the exit code.

    1 if no entry ran, or one whose engine was named could not. Whatever can be refused is refused
    before torch is imported.
    """
    chosen = entries(options.engines, options.precision, options.compiled, options.batch)
    _refuse_unwritable(options)
    _refuse_image(options)
    _refuse_layers(options)
    graph, plan = _read(options)
    report = _measured(options, chosen, graph, plan)
    click.echo("\n".join(report.lines()))
    _write(options, report)
    return _code(report.failures, ran=bool(report.rows))


def _refuse_layers(options: BenchmarkOptions) -> None:
    if options.layers and options.precision[0] == INT8:
        cure = "write another one of --precision first"
        raise DarknetError(f"--layers times the layers on torch, which has no int8; {cure}")


def print_layers(options: BenchmarkOptions) -> None:
    """The table of --layers alone: what -benchmark_layers adds to `detector test`."""
    graph, plan = _read(options)

    from darknet_py.benchmark.bench_session import measure_layers
    from darknet_py.benchmark.layers import layer_lines

    device = checked_device(options.chosen_device)
    click.echo("\n".join(layer_lines(measure_layers(options, graph, plan, device))))


def _read(options: BenchmarkOptions) -> tuple[Graph, weights_layout.Layout | None]:
    """The cfg, and what the weights file holds of it."""
    # Single images, as `detect` sees them: AlexeyAB's inference sets time_steps=1 as well.
    graph = read_graph(
        options.cfg, width=options.width, height=options.height, fork=options.fork, time_steps=1
    )
    plan = weights_layout.plan(graph, options.weights) if options.weights else None
    require_memory(graph, max(options.batch))
    return graph, plan


def _refuse_unwritable(options: BenchmarkOptions) -> None:
    if options.out:
        require_writable(Path(options.out))
    if options.chart:
        require_matplotlib("--chart")
        require_image(Path(options.chart))
        require_writable(Path(options.chart))


def _refuse_image(options: BenchmarkOptions) -> None:
    """Say so before minutes have been spent on engines."""
    if options.image is None:
        return
    if not options.parts:
        raise DarknetError("--image is what --parts measures; give --parts as well")

    from darknet_py.images.io import check_image

    check_image(options.image)


def _measured(
    options: BenchmarkOptions,
    chosen: Sequence[Entry],
    graph: Graph,
    plan: weights_layout.Layout | None,
) -> Report:
    from darknet_py.benchmark.bench_session import measure

    device = checked_device(options.chosen_device)
    report = measure(options, chosen, graph, plan, device)
    for failure in report.failures:
        label = f"{failure.entry.label}, batch {failure.entry.batch}"
        click.echo(f"darknet-py: {label}: {failure.error}", err=True)
    return report


def _write(options: BenchmarkOptions, report: Report) -> None:
    if options.out:
        report.save(Path(options.out))
    if options.chart and report.rows:
        from darknet_py.benchmark.bench_chart import draw_chart

        draw_chart(Path(options.chart), report.rows, report.title)


def _code(failures: Sequence[Failure], ran: bool) -> int:
    return 0 if ran and not any(failure.entry.named for failure in failures) else 1
