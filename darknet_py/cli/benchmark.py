"""`benchmark`, and Darknet's `speed` and `ops`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from darknet_py.cli import options
from darknet_py.enginetable import ENGINES, PRECISIONS


def listed(each: click.ParamType[Any]) -> Callable[..., tuple[Any, ...]]:
    """A callback that reads values of one type with commas between them, each taken once."""

    def read(ctx: click.Context, param: click.Parameter, value: str) -> tuple[Any, ...]:
        found = (each.convert(word.strip(), param, ctx) for word in value.split(","))
        return tuple(dict.fromkeys(found))

    return read


THREADS = click.option(
    "--threads", type=click.IntRange(1), help="Of the CPU (default: what the engine takes)."
)


@click.command()
@click.argument("cfg")
@click.argument("weights", required=False)
@click.option(
    "--engines",
    callback=listed(click.STRING),
    default="torch",
    show_default=True,
    metavar="LIST",
    help=f"Those to run side by side, or all that are installed: all, {', '.join(ENGINES)}.",
)
@click.option(
    "--precision",
    callback=listed(click.Choice(PRECISIONS)),
    default="fp32",
    show_default=True,
    metavar="LIST",
    help=f"Of the arithmetic: {', '.join(PRECISIONS)}.",
)
@click.option("--compile", "compiled", is_flag=True, help="Run torch compiled as well.")
@click.option(
    "--batch",
    callback=listed(click.IntRange(1)),
    default="1",
    show_default=True,
    metavar="LIST",
    help="Pictures at once.",
)
@options.width
@options.height
@options.fork
@options.where
@THREADS
@click.option("--runs", type=click.IntRange(1), help="Counted calls of each entry.")
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    help="Time for each entry [default: 4, unless --runs is given].",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Of random weights and inputs."
)
@click.option("--parts", is_flag=True, help="Time decoding, fitting, network and boxes as well.")
@click.option("--image", metavar="FILE", help="Picture for --parts instead of a drawn one.")
@click.option("--layers", is_flag=True, help="Time every layer as well.")
@click.option("-o", "--out", metavar="FILE.json", help="Write the figures as JSON.")
@click.option("--chart", metavar="FILE.png", help="Draw the medians as bars.")
@click.pass_context
def benchmark(ctx: click.Context, /, **choices: Any) -> None:
    """Time CFG with WEIGHTS, or with random ones, on several engines that take turns.

    Every combination of the lists is an entry of the table; ratios are medians of pairs of calls.
    """
    from darknet_py.benchmark.benchmark_options import Job
    from darknet_py.benchmark.command import run

    ctx.exit(run(Job(**choices)))


@click.command()
@click.argument("cfg")
@click.argument("tics", type=click.IntRange(0), default=0)
@options.fork
@options.width
@options.height
@options.where
@options.running
@THREADS
def speed(
    cfg: str,
    tics: int,
    fork: str,
    width: int | None,
    height: int | None,
    device: str | None,
    gpu: int | None,
    nogpu: bool,
    threads: int | None,
    **running: Any,
) -> None:
    """Run CFG with random weights TICS times (0: 1000) and print Darknet's figures."""
    from darknet_py.devices import chosen_device
    from darknet_py.enginetable import Setup, checked
    from darknet_py.graph import read_graph

    checked(Setup(**running))
    graph = read_graph(cfg, width=width, height=height, fork=fork, time_steps=1)

    from darknet_py.benchmark.speed import speed_lines

    setup = Setup(**running, device=chosen_device(device, gpu, nogpu), threads=threads)
    click.echo("\n".join(speed_lines(graph, tics, setup)))


@click.command()
@click.argument("cfg")
@options.fork
@options.width
@options.height
def ops(cfg: str, fork: str, width: int | None, height: int | None) -> None:
    """Print how many floating point operations CFG needs for a picture."""
    from darknet_py.benchmark.operations import ops_lines
    from darknet_py.graph import read_graph

    graph = read_graph(cfg, width=width, height=height, fork=fork, time_steps=1)
    click.echo("\n".join(ops_lines(graph)))
