"""What `export` does: a cfg and its weights in, a file of another format out, and checked."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from darknet_py.cfg.names import class_names
from darknet_py.conversion.export_target import ExportTarget
from darknet_py.conversion.formats import FORMATS
from darknet_py.errors import DarknetError
from darknet_py.export.verify import input_images, verify
from darknet_py.files import replacing, require_writable
from darknet_py.network import weights_layout
from darknet_py.network.graph import Graph, read_graph
from darknet_py.network.network import Network, load_planned
from darknet_py.options.inference import ExportOptions

DYNAMIC = ("batch", "size")
SAMPLES = 4
"""So many of the images in data/ are taken when no image is named."""


def run(options: ExportOptions) -> bool:
    """Write the file and say so; with options.verify also run it. Whether every runtime agrees.

    Raises DarknetError for what cannot be exported, before anything is written.
    """
    target = _target(options)
    _require_fit(options, target)
    out = Path(options.out or f"{Path(options.cfg).stem}{FORMATS[options.format].suffix}")
    paths = _paths(options, out)
    for path in paths.values():
        require_writable(path)
    # Recurrent nets see single images, as in `detect`.
    graph = read_graph(
        options.cfg, width=options.width, height=options.height, fork=options.fork, time_steps=1
    )
    plan = weights_layout.plan(graph, options.weights)
    names = class_names(options.names, options.cfg, _classes(graph))
    network, report = load_planned(graph, plan)
    for note in report.warnings:
        click.echo(f"warning: {report.path}: {note}", err=True)
    files = _made(options, network, target, names)
    for suffix, data in files.items():
        with replacing(paths[suffix]) as file:
            file.write(data)
        click.echo(f"{paths[suffix]}: {len(data) / 1e6:.1f} MB")
    return _verified(options, network, target, out) if options.verify or options.images else True


def _target(options: ExportOptions) -> ExportTarget:
    words = [word for word in options.dynamic.split(",") if word]
    for word in words:
        if word not in DYNAMIC:
            raise DarknetError(
                f"--dynamic {options.dynamic}: read '{word}', known are batch and size"
            )
    return ExportTarget(
        form=options.form,
        batch=options.batch,
        dynamic_batch="batch" in words,
        dynamic_size="size" in words,
        thresh=options.thresh,
        nms=options.nms,
    )


def _require_fit(options: ExportOptions, target: ExportTarget) -> None:
    """What a format does not have, whatever the network."""
    row, words = FORMATS[options.format], f"--format {options.format}"
    if reason := row.unfit.get(options.form):
        raise DarknetError(f"{words} --form {options.form}: {reason}")
    if row.one_image and (target.batch > 1 or target.dynamic_batch or target.dynamic_size):
        raise DarknetError(f"{words}: {row.one_image}; leave out --batch and --dynamic")


def _paths(options: ExportOptions, out: Path) -> dict[str, Path]:
    """Suffix -> path; other files of a format lie beside the one that -o names."""
    row = FORMATS[options.format]
    if row.beside and out.suffix != row.suffix:
        others = " and a ".join(row.beside)
        go = "goes" if len(row.beside) == 1 else "go"
        expected = f"expected a name that ends in {row.suffix}; a {others} {go} beside it"
        raise DarknetError(f"-o {out}: {expected}")
    return {row.suffix: out} | {suffix: out.with_suffix(suffix) for suffix in row.beside}


def _classes(graph: Graph) -> int:
    """Classes of the last detection head, or the values of a classifier's output."""
    classes = graph.head_classes
    return graph.nodes[graph.last].out.c if classes is None else classes


def _made(
    options: ExportOptions, network: Network, target: ExportTarget, names: list[str]
) -> dict[str, bytes]:
    row = FORMATS[options.format]
    module, _, name = row.home.partition(":")
    make: Callable[..., Any] = getattr(importlib.import_module(module), name)
    made = make(network, target, names)
    return made if isinstance(made, dict) else {row.suffix: made}


def _verified(options: ExportOptions, network: Network, target: ExportTarget, out: Path) -> bool:
    images = input_images(network, options.images or _samples(options.cfg))
    agrees = True
    for check in verify(network, target, out, FORMATS[options.format].runtimes, images):
        click.echo(check.text)
        agrees = agrees and check.agrees
    return agrees


def _samples(cfg: str) -> list[str]:
    """Images in data/ here or beside the cfg's folder."""
    for folder in (Path("data"), Path(cfg).resolve().parent.parent / "data"):
        if images := sorted(map(str, folder.glob("*.jpg"))):
            return images[:SAMPLES]
    return []
