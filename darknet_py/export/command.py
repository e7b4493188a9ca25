"""What `export` does: a cfg and its weights in, a file of another format out, and checked."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from darknet_py.cfg.names import class_names
from darknet_py.conversion.formats import FORMATS
from darknet_py.conversion.target import Target
from darknet_py.errors import DarknetError
from darknet_py.export.verify import pictures, verify
from darknet_py.files import replacing, require_writable
from darknet_py.network import weights_layout
from darknet_py.network.graph import Graph, read_graph
from darknet_py.network.network import Network, load_planned
from darknet_py.options.exporting import ExportOptions

DYNAMIC = ("batch", "size")
SAMPLES = 4
"""So many of the pictures in data/ are taken when none is named."""


def run(job: ExportOptions) -> bool:
    """Write the file and say so; with job.verify also run it. Whether every runtime agrees.

    Raises DarknetError for what cannot be exported, before anything is written.
    """
    target = _target(job)
    out = Path(job.out or Path(job.cfg).with_suffix(FORMATS[job.format].suffix).name)
    paths = _paths(job, out)
    for path in paths.values():
        require_writable(path)
    # Recurrent nets see single pictures, as in `detect`.
    graph = read_graph(job.cfg, width=job.width, height=job.height, fork=job.fork, time_steps=1)
    plan = weights_layout.plan(graph, job.weights)
    names = class_names(job.names, job.cfg, _classes(graph))
    network, report = load_planned(graph, plan)
    for note in report.notes:
        click.echo(f"{report.path}: {note}", err=True)
    files = _made(job, network, target, names)
    for suffix, data in files.items():
        with replacing(paths[suffix]) as file:
            file.write(data)
        click.echo(f"{paths[suffix]}: {len(data) / 1e6:.1f} MB")
    return _verified(job, network, target, out) if job.verify or job.images else True


def _target(job: ExportOptions) -> Target:
    words = [word for word in job.dynamic.split(",") if word]
    for word in words:
        if word not in DYNAMIC:
            raise DarknetError(f"--dynamic {job.dynamic}: read '{word}', known are batch and size")
    return Target(
        form=job.form,
        batch=job.batch,
        dynamic_batch="batch" in words,
        dynamic_size="size" in words,
        thresh=job.thresh,
        nms=job.nms,
    )


def _paths(job: ExportOptions, out: Path) -> dict[str, Path]:
    """Suffix -> path; OpenVINO's weights lie beside the file that -o names."""
    suffix = FORMATS[job.format].suffix
    if job.format == "openvino":
        if out.suffix != suffix:
            raise DarknetError(
                f"-o {out}: expected a name that ends in .xml; a .bin goes beside it"
            )
        return {suffix: out, ".bin": out.with_suffix(".bin")}
    return {suffix: out}


def _classes(graph: Graph) -> int:
    """Classes of the last detection head, or the values of a classifier's output."""
    found = graph.head_classes
    return graph.nodes[graph.last].out.c if found is None else found


def _made(
    job: ExportOptions, network: Network, target: Target, names: list[str]
) -> dict[str, bytes]:
    row = FORMATS[job.format]
    module, _, name = row.home.partition(":")
    make: Callable[..., Any] = getattr(importlib.import_module(module), name)
    made = make(network, target, names)
    return made if isinstance(made, dict) else {row.suffix: made}


def _verified(job: ExportOptions, network: Network, target: Target, out: Path) -> bool:
    images = pictures(network, job.images or _samples(job.cfg))
    agrees = True
    for verdict in verify(network, target, out, FORMATS[job.format].runtimes, images):
        click.echo(verdict.text)
        agrees = agrees and verdict.agrees
    return agrees


def _samples(cfg: str) -> list[str]:
    """Pictures in data/ here or beside the cfg's folder."""
    for folder in (Path("data"), Path(cfg).resolve().parent.parent / "data"):
        if found := sorted(map(str, folder.glob("*.jpg"))):
            return found[:SAMPLES]
    return []
