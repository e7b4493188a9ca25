"""Commands about files and machines: summary, check, partial, export."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from darknet_py.cli.click_options import DATA_SET, PATH, as_json, options_of
from darknet_py.cli.network_arguments import network_arguments
from darknet_py.errors import DarknetError, Notice
from darknet_py.options.datasets import CheckOptions, SummaryOptions
from darknet_py.options.inference import ExportOptions
from darknet_py.options.model import CfgOptions, ForkOptions, SizeOptions

if TYPE_CHECKING:
    from darknet_py.network.check import CheckResult
    from darknet_py.network.weights import LoadReport
    from darknet_py.validate.command import DataCheckResult


@click.command()
@network_arguments("cfg")
@as_json
@options_of(SummaryOptions, CfgOptions)
def summary(
    cfg: str, as_json: bool, fork: str, width: int | None, height: int | None, strict: bool
) -> None:
    """Show the layers of CFG as Darknet prints them, and what the network costs."""
    from darknet_py.errors import Problems
    from darknet_py.network.graph import read_graph
    from darknet_py.network.summary import summarize

    problems = Problems(strict=strict)
    graph = read_graph(cfg, width=width, height=height, fork=fork, problems=problems)
    _show_warnings(graph.notices)
    result = summarize(graph)
    click.echo(result.to_json() if as_json else result.text())


@click.command()
@click.argument("files", nargs=-1, required=True, type=DATA_SET, metavar="CFG|DATA [WEIGHTS]...")
@as_json
@options_of(CheckOptions, ForkOptions, SizeOptions)
@click.pass_context
def check(ctx: click.Context, /, files: tuple[str, ...], as_json: bool, **choices: Any) -> None:
    """List all that is wrong with CFG (and WEIGHTS for it) or DATA; exit code 1 for errors.

    Every image and label file that the train and valid lists of DATA name is looked at. With a
    CFG beside it, labels are checked against its classes and its input size.
    """
    from darknet_py.network.check import check_files
    from darknet_py.network.check_data import data_sets

    options = CheckOptions(**choices)
    light_check = check_files(
        files, fork=options.fork, strict=options.strict, width=options.width, height=options.height
    )
    result: CheckResult | DataCheckResult = light_check
    if sets := data_sets(files):
        from darknet_py.validate.command import check_data_sets

        result = check_data_sets(sets, light_check, options)
    elif options.report or options.page:
        raise DarknetError("--report and --page need a .data file with a list that exists")
    click.echo(result.to_json() if as_json else result.text())
    ctx.exit(1 if result.errors else 0)


@click.command()
@click.argument("cfg")
@click.argument("weights")
@click.argument("out", type=PATH)
@click.argument("layers", metavar="N", type=int)
@options_of(ForkOptions)
def partial(cfg: str, weights: str, out: str, layers: int, fork: str) -> None:
    """Write the first N layers of WEIGHTS to OUT, with no images seen, to start a training from."""
    from darknet_py.network.graph import read_graph
    from darknet_py.network.network import Network
    from darknet_py.network.weights import partial as save_partial

    graph = read_graph(cfg, fork=fork)
    _check_count(layers, len(graph.nodes))
    network = Network(graph)
    report = network.load_weights(weights, cutoff=layers)
    save_partial(network, Path(out), layers)
    click.echo(f"{out}: the first {layers} of {len(graph.nodes)} layers of {weights}")
    _show_shortfall(report, layers)


@click.command()
@network_arguments("cfg", "weights", "images...")
@options_of(ExportOptions, *("format", "out", "form", "dynamic", "batch"), SizeOptions, ForkOptions)
@click.pass_context
def export(ctx: click.Context, /, **choices: Any) -> None:
    """Write the network of CFG and WEIGHTS as a file for other programs.

    With IMAGES or --verify the written file is run on images and compared.
    """
    from darknet_py.export.command import run

    ctx.exit(0 if run(ExportOptions(**choices)) else 1)


def _show_warnings(notices: Iterable[Notice]) -> None:
    for notice in notices:
        if notice.level == "warning":
            click.echo(notice, err=True)


def _check_count(layers: int, total: int) -> None:
    if not 1 <= layers <= total:
        raise DarknetError(f"N is {layers}, expected 1 to {total}, the layers of the cfg")


def _show_shortfall(report: LoadReport, layers: int) -> None:
    """Where the file is shorter than N layers, Darknet writes random ones without a word."""
    if report.partial:
        rest = f"layers {report.layers} to {layers - 1} have random weights"
        click.echo(f"warning: {report.path} ends before layer {report.layers}: {rest}", err=True)
