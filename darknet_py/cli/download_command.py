"""The command `download`."""

from __future__ import annotations

from typing import Any

import click

from darknet_py.cli.click_options import arguments, as_json, options_of
from darknet_py.options.downloading import DownloadOptions


@click.command()
@arguments("names...")
@as_json
@options_of(DownloadOptions)
@click.pass_context
def download(ctx: click.Context, /, as_json: bool, **choices: Any) -> None:
    """Bring the pre-trained networks NAMES: weights, and cfg and names files for them.

    They are kept in the folder weights of ~/.cache/darknet-py, or of $DARKNET_PY_CACHE, and the
    names stand for CFG and WEIGHTS on other commands. What is here already is checked.
    """
    from darknet_py.weights_registry.command import run

    options = DownloadOptions(**choices)
    if not (options.names or options.list):
        raise click.UsageError("expected NAMES of networks; --list shows them", ctx)
    if options.all_mirrors and options.offline:
        raise click.UsageError("--all-mirrors and --offline contradict each other", ctx)
    ctx.exit(run(options, as_json))
