"""What `export` does: a cfg and its weights in, a file of another format out, and checked."""

from __future__ import annotations

import click

from darknet_py.cfg.names import class_names
from darknet_py.export.export_plan import ExportPlan
from darknet_py.network import weights_layout
from darknet_py.network.graph import Graph, read_graph
from darknet_py.network.network import load_planned
from darknet_py.options.inference import ExportOptions


def run(options: ExportOptions) -> bool:
    """Write the file and say so; with options.verify also run it. Whether every runtime agrees.

    Raises DarknetError for what cannot be exported, before anything is written.
    """
    plan = ExportPlan.of(options)
    # Recurrent nets see single images, as in `detect`.
    graph = read_graph(
        options.cfg, width=options.width, height=options.height, fork=options.fork, time_steps=1
    )
    layout = weights_layout.plan(graph, options.weights)
    names = class_names(options.names, options.cfg, _classes(graph))
    network, report = load_planned(graph, layout)
    for note in report.warnings:
        click.echo(f"warning: {report.path}: {note}", err=True)
    for path, size in plan.write(network, names):
        click.echo(f"{path}: {size / 1e6:.1f} MB")
    agrees = True
    for check in plan.checks(network) if plan.verifies else ():
        click.echo(check.text)
        agrees = agrees and check.agrees
    return agrees


def _classes(graph: Graph) -> int:
    """Classes of the last detection head, or the values of a classifier's output."""
    classes = graph.head_classes
    return graph.nodes[graph.last].out.c if classes is None else classes
