"""What `visualize`, `imtest` and `nightmare` do on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from darknet_py.engines.devices import checked_device
from darknet_py.errors import DarknetError
from darknet_py.files import require_writable
from darknet_py.images.draw import save_image
from darknet_py.images.io import read_image, to_bgr
from darknet_py.images.resize import Floats
from darknet_py.network.graph import read_graph
from darknet_py.network.network import Network, load_network
from darknet_py.network.weights_layout import RANDOM_SEED
from darknet_py.options.visualizing import ImageTestOptions, NightmareOptions, VisualizeOptions

if TYPE_CHECKING:
    from darknet_py.visualize.nightmare import Dream


def visualize(options: VisualizeOptions) -> None:
    """Write the picture of the filters; raises DarknetError."""
    from darknet_py.visualize.filter_page import filter_page, layer_picture

    require_writable(Path(options.out))
    network = _network(options)
    if options.layer is None:
        page = filter_page(network, f"{options.cfg}  {options.weights or 'random weights'}")
    else:
        page = layer_picture(network, options.layer)
    save_image(options.out, page)
    click.echo(options.out)


def _network(options: VisualizeOptions) -> Network:
    if options.weights is None:
        click.echo(f"{options.cfg}: random weights: no WEIGHTS are given", err=True)
        return Network(read_graph(options.cfg, fork=options.fork), seed=RANDOM_SEED)
    network, report = load_network(
        options.cfg, options.weights, fork=options.fork, seed=RANDOM_SEED
    )
    _warn(report.path, report.warnings)
    return network


def _warn(path: str, warnings: tuple[str, ...]) -> None:
    for warning in warnings:
        click.echo(f"warning: {path}: {warning}", err=True)


def image_test(options: ImageTestOptions) -> None:
    """Print what both programs print of an image, and write what they show in windows."""
    from darknet_py.images.contact_sheet import contact_sheet
    from darknet_py.visualize.color_page import fixed_tiles, l2_norm, random_tiles

    rgb = read_image(options.image, 3, options.fork_in_force.images.upright)
    require_writable(Path(options.out))
    click.echo(f"L2 Norm: {l2_norm(rgb):f}")
    tiles = list(fixed_tiles(rgb))
    for crop, colors in random_tiles(rgb, options.count, options.seed):
        click.echo(colors)
        tiles += [crop, colors.tile]
    save_image(options.out, contact_sheet(tiles, options.image))
    click.echo(options.out, err=True)


def nightmare(options: NightmareOptions) -> None:
    """Write a picture for each round; raises DarknetError."""
    from darknet_py.visualize.nightmare import Dream, require_layer

    image = _image(options)
    require_writable(_picture(options, 0))
    device = checked_device(options.chosen_device)
    network, report = load_network(
        options.cfg, options.weights, fork=options.fork, seed=options.seed
    )
    _warn(report.path, report.warnings)
    require_layer(network, options.layer)
    network.to(device).requires_grad_(False)
    dream = Dream(network, options, image, np.random.default_rng(options.seed), device)
    if dream.features is not None:
        click.echo(f"{dream.features.numel()} features")
    for number in range(options.rounds):
        _round(dream)
        target = _picture(options, number)
        # Both programs cut values off instead of rounding them.
        rgb = (dream.image * 255).astype(np.uint8).transpose(1, 2, 0)
        save_image(target, to_bgr(np.ascontiguousarray(rgb)))
        click.echo(f"{number} {target}")
        dream.end_round()


def _round(dream: Dream) -> None:
    click.echo("Iteration: ", nl=False, err=True)
    for number in range(dream.options.iters):
        click.echo(f"{number}, ", nl=False, err=True)
        dream.step()
    click.echo("done", err=True)


def _image(options: NightmareOptions) -> Floats:
    """(3, H, W) in [0, 1]."""
    channels = read_graph(options.cfg, fork=options.fork).net.channels
    if channels != 3:
        raise DarknetError(f"{options.cfg}: channels={channels}, expected 3: images are in colour")
    rgb = read_image(options.image, channels, options.fork_in_force.images.upright)
    return np.ascontiguousarray(rgb.transpose(2, 0, 1), np.float32) / np.float32(255)


def _picture(options: NightmareOptions, number: int) -> Path:
    """[PREFIX/]IMAGE_CFG_LAYER_NUMBER.jpg, names up to their first dot, as in both programs."""
    image, cfg = (Path(path).name.partition(".")[0] for path in (options.image, options.cfg))
    return Path(options.prefix or "") / f"{image}_{cfg}_{options.layer}_{number:06d}.jpg"
