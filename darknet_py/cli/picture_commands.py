"""`visualize`, `imtest` and `nightmare`."""

from __future__ import annotations

from typing import Any

import click

from darknet_py.cli.click_options import arguments, options_of
from darknet_py.options.visualizing import ImageTestOptions, NightmareOptions, VisualizeOptions


@click.command()
@arguments("cfg", "[weights]")
@options_of(VisualizeOptions)
def visualize(**choices: Any) -> None:
    """Draw the filters of a network's convolutions.

    Darknet opens a window for each layer; this is one picture with a part of each, or with --layer
    all of one.
    """
    from darknet_py.visualize.command import visualize as run

    run(VisualizeOptions(**choices))


@click.command()
@arguments("image")
@options_of(ImageTestOptions)
def imtest(**choices: Any) -> None:
    """Draw an image in the colours and crops that training may make of it."""
    from darknet_py.visualize.command import image_test

    image_test(ImageTestOptions(**choices))


@click.command()
@arguments("cfg", "weights", "image")
@click.argument("layer", type=int, required=False)
@options_of(NightmareOptions)
def nightmare(layer: int | None, reconstruct: bool, **choices: Any) -> None:
    """Change IMAGE step by step so that it excites the layer LAYER of a network.

    Writes IMAGE_CFG_LAYER_000000.jpg and so on. With -reconstruct it is the whole network, and
    LAYER only a part of that name.
    """
    from darknet_py.visualize.command import nightmare as run

    if layer is None and not reconstruct:
        raise click.UsageError("LAYER is missing: the number of a layer, as `summary` shows it")
    run(NightmareOptions(layer=layer or 0, reconstruct=reconstruct, **choices))
