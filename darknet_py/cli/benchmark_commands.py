"""`benchmark`, and Darknet's `speed` and `ops`."""

from __future__ import annotations

from typing import Any

import click

from darknet_py.cli.click_options import options_of
from darknet_py.cli.network_arguments import network_arguments
from darknet_py.options.benchmarking import BenchmarkOptions, SpeedOptions, ThreadOptions
from darknet_py.options.model import (
    CfgOptions,
    DeviceOptions,
    ForkOptions,
    RunOptions,
    SizeOptions,
)


@click.command()
@network_arguments("[cfg]", "[weights]")
@options_of(
    BenchmarkOptions,
    *("engines", "precision", "compiled", "batch"),
    *(SizeOptions, ForkOptions, DeviceOptions, ThreadOptions),
)
@click.pass_context
def benchmark(ctx: click.Context, /, **choices: Any) -> None:
    """Time CFG with WEIGHTS, or with random ones, on several engines that take turns.

    Every combination of the lists is an entry of the table; ratios are medians of pairs of calls.
    """
    options = BenchmarkOptions(**choices | {"cfg": choices["cfg"] or ""})
    if options.gpu_table:
        from darknet_py.benchmark.gpu_command import run_gpu

        ctx.exit(run_gpu(options))
    if not options.cfg:
        raise click.MissingParameter(ctx=ctx, param_hint="'CFG'", param_type="argument")

    from darknet_py.benchmark.command import run

    ctx.exit(run(options))


@click.command()
@network_arguments("cfg")
@click.argument("tics", type=click.IntRange(0), default=SpeedOptions.tics)
@options_of(SpeedOptions, CfgOptions, RunOptions)
def speed(**choices: Any) -> None:
    """Run CFG with random weights TICS times (0: 1000) and print Darknet's metrics."""
    from darknet_py.network.graph import read_graph

    options = SpeedOptions(**choices)
    options.require_engine()
    graph = read_graph(
        options.cfg, width=options.width, height=options.height, fork=options.fork, time_steps=1
    )

    from darknet_py.benchmark.speed import speed_lines

    click.echo("\n".join(speed_lines(graph, options.tics, options.engine_config(options.threads))))


@click.command()
@network_arguments("cfg")
@options_of(CfgOptions)
def ops(cfg: str, fork: str, width: int | None, height: int | None) -> None:
    """Print how many floating point operations CFG needs for an image."""
    from darknet_py.benchmark.speed import ops_lines
    from darknet_py.network.graph import read_graph

    graph = read_graph(cfg, width=width, height=height, fork=fork, time_steps=1)
    click.echo("\n".join(ops_lines(graph)))
