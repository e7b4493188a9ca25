"""The command `serve`."""

from __future__ import annotations

from typing import Any

import click

from darknet_py.cli.click_options import options_of
from darknet_py.cli.network_arguments import network_arguments
from darknet_py.options.serving import ServeOptions


@click.command()
@network_arguments("cfg", "weights", "more...")
@options_of(ServeOptions, "port", "host", "token", "stream", "names", "name", "thresh", "nms")
def serve(**choices: Any) -> None:
    """Answer requests over HTTP: a page to try CFG on, and the API that cameras speak.

    MORE: other networks, each NAME=CFG,WEIGHTS or NAME=CFG,WEIGHTS,NAMES, or a published network's
    name, with NAME= before it or alone.
    """
    from darknet_py.serve.command import run

    run(ServeOptions(**choices))
