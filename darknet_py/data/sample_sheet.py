"""A page of training samples as the network sees them, with their boxes."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from darknet_py.augment.config import MIXUP, MOSAIC, Recipe
from darknet_py.augment.label_boxes import CLASS_ONLY
from darknet_py.cfg.datafile import DataFile, read_data_file
from darknet_py.cfg.names import read_names
from darknet_py.data.contact_sheet import Mark, Style, Tile, contact_sheet
from darknet_py.data.detection_samples import DetectionSet
from darknet_py.data.listing import images_of
from darknet_py.data.loader import Key, first_readable
from darknet_py.images.draw import colour, save_image
from darknet_py.images.io import Pixels, to_bgr
from darknet_py.network.graph import read_graph
from darknet_py.options.datasets import SheetOptions

MOST_ROOM, LEAST_ROOM = 416, 200
"""Pixels of the page for the longer side of a sample."""
NAMELESS = 12
"""Boxes over which names would hide the image."""
LINES = 3
MIXED = {0: "", MIXUP: ", mixup", MOSAIC: ", mosaic"}


def write_sheet(options: SheetOptions) -> str:
    """Draw the first samples of a training with this seed; returns a line that says so.

    Raises DarknetError for a data set or cfg that cannot be trained, or a page not to be written.
    """
    data = read_data_file(options.data)
    graph = read_graph(options.cfg, width=options.width, height=options.height, fork=options.fork)
    source = DetectionSet(images_of(data, "train"), Recipe.of(graph))
    numbers = range(options.first, options.first + options.images)
    keys = [Key(number, graph.net.width, graph.net.height) for number in numbers]
    page = sheet(source, class_names(data, source.recipe.classes), keys, options.seed)
    save_image(options.out, page, 92)
    which = f"samples {numbers[0]} to {numbers[-1]}"
    return f"{options.out}: {which} of a training with seed {options.seed}"


def sheet(source: DetectionSet, names: Sequence[str], keys: Sequence[Key], seed: int) -> Pixels:
    """A BGR page of these samples, the very ones training sees; names: by class.

    Raises DataError when no images can be read.
    """
    tiles = [_tile(source, names, key, seed) for key in keys]
    first, last = keys[0], keys[-1]
    mixed = MIXED[source.recipe.mixing]
    facts = f"{first.width} x {first.height}, {source.recipe.fork.name}{mixed}, seed {seed}"
    title = f"samples {first.number} to {last.number}: {facts}"
    return contact_sheet(tiles, title, _style(first.width, first.height))


def class_names(data: DataFile, classes: int) -> list[str]:
    """The names of a .data file, and numbers for the classes without one."""
    path = data.file("names")
    names = read_names(path) if path else []
    return [*names, *map(str, range(len(names), classes))]


def _style(width: int, height: int) -> Style:
    longer = max(width, height)
    scale = min(MOST_ROOM, max(LEAST_ROOM, longer)) / longer
    room = max(1, round(width * scale)), max(1, round(height * scale))
    return Style(columns=4, width=room[0], height=room[1], lines=LINES, margin=0.0)


def _tile(source: DetectionSet, names: Sequence[str], key: Key, seed: int) -> Tile:
    def make(key: Key) -> tuple[Pixels, NDArray[np.float32], list[str]]:
        return *source.sample(*key, seed), source.drawn(*key, seed)

    (pixels, truth, drawn), unreadable = first_readable(key, make)
    labels = source.recipe.labels_of(truth)
    has_box = labels[:, 3] < CLASS_ONLY
    many = has_box.sum() > NAMELESS
    marks = tuple(_mark(row, names, len(names), not many) for row in labels[has_box])
    files = ", ".join(os.path.basename(path) for path in drawn)
    words = [f"{key.number}: {files} ({len(marks)} boxes)"]
    words += [f"without a box: {_name(row, names)}" for row in labels[~has_box]]
    words += [f"left out: {line}" for line in unreadable]
    return Tile(to_bgr(np.ascontiguousarray(pixels.transpose(1, 2, 0))), marks, tuple(words))


def _mark(row: NDArray[np.float32], names: Sequence[str], classes: int, named: bool) -> Mark:
    x, y, w, h = row[1:].tolist()
    box = (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
    tint = colour(max(0, int(row[0])), max(1, classes))
    return Mark(box, tint, _name(row, names) if named else "")


def _name(row: NDArray[np.float32], names: Sequence[str]) -> str:
    number = int(row[0])
    return names[number] if 0 <= number < len(names) else "no such class"
