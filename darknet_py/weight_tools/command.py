"""What the words of the weight tools do: files in, a file or lines out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import click

from darknet_py.errors import DarknetError
from darknet_py.files import require_writable
from darknet_py.network import weights_layout
from darknet_py.network.graph import Graph, read_graph
from darknet_py.network.load import require_memory
from darknet_py.network.network import Network, load_planned
from darknet_py.network.weights import LoadReport
from darknet_py.weight_tools.averaging import average
from darknet_py.weight_tools.batchnorm_edits import denormalize, normalize, reset
from darknet_py.weight_tools.edit import Edit
from darknet_py.weight_tools.filter_edits import rescale, rgbgr
from darknet_py.weight_tools.transplants import last_filters, oneoff, oneoff2
from darknet_py.weight_tools.weight_lines import statistics_lines, weight_rows

EDITS: dict[str, Callable[[Network], Edit]] = {
    "reset": reset,
    "normalize": normalize,
    "denormalize": denormalize,
    "rgbgr": rgbgr,
    "rescale": rescale,
}
"""Word -> what it makes of a network. To add one of this kind, add a row and its command."""


def edit_file(word: str, cfg: str, path: str, out: str, fork: str) -> None:
    """Write what a tool of EDITS makes of a file."""
    require_writable(Path(out))
    network = _loaded(cfg, path, fork)
    _finish(EDITS[word](network), out, path)


def average_files(cfg: str, out: str, paths: Sequence[str], fork: str) -> None:
    """Write the mean of files; nothing is written unless all of them fit."""
    target = Path(out)
    require_writable(target)
    if len(paths) == 1 and target.exists():
        message = f"{out} exists, and there is only one file to average"
        raise DarknetError(f"{message}; the order is CFG OUT WEIGHTS WEIGHTS...")
    graph = _graph(cfg, fork)
    edit, reports = average(graph, [weights_layout.plan(graph, path) for path in paths])
    for report in reports:
        _warn(report)
    _finish(edit, out, paths[0])


def transplant_classes(cfg: str, path: str, out: str, fork: str) -> None:
    """`oneoff`: its number is printed as in Darknet."""
    require_writable(Path(out))
    graph = _graph(cfg, fork)
    edit = oneoff(graph, path)
    click.echo(last_filters(graph))
    _finish(edit, out, path)


def transplant_layers(cfg: str, path: str, out: str, start: int, fork: str) -> None:
    """`oneoff2`."""
    require_writable(Path(out))
    _finish(oneoff2(_graph(cfg, fork), path, start), out, path)


def print_statistics(cfg: str, path: str, fork: str) -> None:
    """Print the lines of `statistics`."""
    lines = list(statistics_lines(_loaded(cfg, path, fork)))
    click.echo("\n".join(lines))
    if not any(lines):
        click.echo(f"warning: {cfg}: has no layer of matrices with batch_normalize=1", err=True)


def print_layer(cfg: str, path: str, index: int, fork: str) -> None:
    """Print the weights of one layer."""
    for row in weight_rows(_loaded(cfg, path, fork), index):
        click.echo(row)


def _graph(cfg: str, fork: str) -> Graph:
    graph = read_graph(cfg, fork=fork)
    require_memory(graph)
    return graph


def _loaded(cfg: str, path: str, fork: str) -> Network:
    graph = _graph(cfg, fork)
    network, report = load_planned(graph, weights_layout.plan(graph, path), seed=0)
    _warn(report)
    return network


def _warn(report: LoadReport) -> None:
    _say_notes(report.path, report.warnings)


def _finish(edit: Edit, out: str, path: str) -> None:
    """Write the file, and say what it is. Darknet writes one even where nothing has changed."""
    edit.save(Path(out))
    unchanged = f"as {os.fspath(path)}: nothing was changed"
    click.echo(f"{out}: {edit.done or unchanged}")
    _say_notes(out, edit.notes)


def _say_notes(path: str, notes: Iterable[str]) -> None:
    for note in notes:
        click.echo(f"warning: {path}: {note}", err=True)
