"""`advise` and `new-cfg`."""

from __future__ import annotations

from typing import Any

import click

from darknet_py.cli.click_options import DATA_SET, PATH, arguments, as_json, options_of
from darknet_py.options.advising import AdviseOptions, NewCfgOptions


@click.command()
@arguments("data|folder", "[cfg]")
@as_json
@options_of(AdviseOptions)
def advise(as_json: bool, **choices: Any) -> None:
    """Say what suits DATA: input size, heads, anchors, batch, length of training.

    With CFG (a file or a name): which of its lines should change; without, which of the shipped
    ones to start from.
    """
    from darknet_py.advice.advice_text import advice_text
    from darknet_py.advice.command import advice

    result = advice(AdviseOptions(**choices))
    click.echo(result.to_json() if as_json else advice_text(result))


@click.command("new-cfg")
@click.option("--base", required=True, type=PATH, help="A cfg file, or a name such as yolov4-tiny.")
@click.option("--data", required=True, type=DATA_SET, metavar="DATA", help="What to train on.")
@click.option("-o", "--out", required=True, type=PATH, metavar="FILE", help="The cfg to write.")
@options_of(NewCfgOptions)
def new_cfg(**choices: Any) -> None:
    """Write a cfg for DATA: classes, filters, anchors, masks, batch and length of training.

    All other lines stay as they are in the base.
    """
    from darknet_py.advice.new_cfg import write_new_cfg

    click.echo(write_new_cfg(NewCfgOptions(**choices)).text())
