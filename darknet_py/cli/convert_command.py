"""The command `convert`."""

from __future__ import annotations

from typing import Any

import click

from darknet_py.cli.click_options import PATH, options_of
from darknet_py.cli.network_arguments import convertible_files
from darknet_py.options.converting import ConvertOptions
from darknet_py.options.model import ForkOptions


@click.command()
@click.argument("files", nargs=-1, type=PATH, metavar="[CFG] IN OUT")
@options_of(ConvertOptions, "cfg", "out", "form", "verify", "repair", ForkOptions)
def convert(**choices: Any) -> None:
    """Write the weights in IN as another kind of file, OUT: both are told by what they are.

    .weights, .safetensors, PyTorch checkpoints (.pt, .pth) of yolov7, yolov7-tiny and yolov4-csp,
    of ultralytics' archived yolov3 and PyTorch_YOLOv4, of darknet_py.Network, and the states of
    train. CFG is told by its ending, or is the name of a network. No code in IN is run.
    """
    from darknet_py.checkpoints.command import convert, repair

    options = ConvertOptions(**choices)
    cfg, source, out = convertible_files(
        options.files, options.cfg, options.out, needs_cfg=not options.repair
    )
    if options.repair:
        if options.form or options.verify:
            raise click.UsageError("--repair stands alone: it changes the header only")
        click.echo(repair(source, out, cfg, options.fork))
        return
    assert cfg is not None
    for line in convert(source, out, cfg, options):
        click.echo(line)
