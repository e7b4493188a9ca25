"""A page of training samples, with their boxes, as the network is going to see them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from darknet_py.cfg.datafile import read_data_file, read_names
from darknet_py.data.contact_sheet import Mark, Style, Tile, contact_sheet
from darknet_py.data.detection import DetectionSet
from darknet_py.data.listing import read_list
from darknet_py.data.loader import Key, first_readable
from darknet_py.data.recipe import Recipe
from darknet_py.detect.draw import save_image
from darknet_py.detect.reading import Pixels, to_bgr
from darknet_py.errors import DataError, Place
from darknet_py.graph import read_graph

Floats = NDArray[np.float32]
COLOURS = ((60, 60, 230), (40, 160, 40), (220, 110, 30), (150, 50, 180), (0, 140, 240))
"""BGR, by class."""


def sheet(source: DetectionSet, names: Sequence[str], keys: Sequence[Key], seed: int) -> Pixels:
    """A BGR page of these samples, each box under its class's name."""
    tiles = [_tile(source, names, key, seed) for key in keys]
    style = Style(columns=4, width=320, height=320, lines=2, margin=0.0)
    recipe = source.recipe
    mixed = {1: ", mixup", 3: ", mosaic"}.get(recipe.mixing, "")
    title = f"samples {keys[0].number} to {keys[-1].number}, seed {seed}, {recipe.fork.name}{mixed}"
    return contact_sheet(tiles, title, style)


def _tile(source: DetectionSet, names: Sequence[str], key: Key, seed: int) -> Tile:
    def made(one: Key) -> tuple[Pixels, Floats, list[str]]:
        return *source.sample(*one, seed), source.drawn(*one, seed)

    (planes, truth, paths), _ = first_readable(key, made)
    boxes = boxes_of(source.recipe, truth)
    marks = tuple(_mark(row, names) for row in boxes)
    caption = ", ".join(Path(path).name for path in paths)
    return Tile(to_bgr(np.ascontiguousarray(planes.transpose(1, 2, 0))), marks, (caption,))


def _mark(row: Floats, names: Sequence[str]) -> Mark:
    number = int(row[0])
    x, y, w, h = (float(value) for value in row[1:])
    name = names[number] if number < len(names) else str(number)
    corners = (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
    return Mark(corners, COLOURS[number % len(COLOURS)], name)


def boxes_of(recipe: Recipe, truth: Floats) -> Floats:
    """The labels (K, 5) class x y w h that a truth array holds."""
    if recipe.cells:
        return _of_cells(recipe, truth)
    rows = truth.reshape(-1, recipe.fork.truth_size)
    rows = rows[: int((rows[:, 0] != 0).cumprod().sum())]
    return np.hstack([rows[:, 4:5], rows[:, :4]])


def _of_cells(recipe: Recipe, truth: Floats) -> Floats:
    side = recipe.cells
    cells = truth.reshape(side * side, -1)
    number = np.flatnonzero(cells[:, 0])
    cells, place = cells[number], np.stack([number % side, number // side], axis=1)
    classes = cells[:, 1:-4].argmax(axis=1)[:, None]
    centre = (cells[:, -4:-2] + place) / side
    return np.hstack([classes, centre, cells[:, -2:]]).astype(np.float32)


def write_sheet(data: str, cfg: str, out: str, images: int, seed: int, fork: str) -> None:
    """The first samples of a training with this seed as a page; raises DataError, OutputError."""
    options = read_data_file(data)
    graph = read_graph(cfg, fork=fork)
    path = options.file("train")
    if path is None:
        raise DataError("has no train=, the list of pictures, one path a line", Place(data))
    names = options.file("names")
    source = DetectionSet(read_list(path), Recipe.of(graph))
    keys = [Key(number, graph.net.width, graph.net.height) for number in range(images)]
    save_image(out, sheet(source, read_names(names) if names else [], keys, seed), 90)
