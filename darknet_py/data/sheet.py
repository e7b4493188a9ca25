"""A page of training samples as the network sees them, with their boxes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darknet_py.cfg.datafile import DataFile, read_data_file, read_names
from darknet_py.data.contact_sheet import Mark, Style, Tile, contact_sheet
from darknet_py.data.detection import DetectionSet
from darknet_py.data.listing import pictures_of
from darknet_py.data.loader import Key, first_readable
from darknet_py.data.recipe import Recipe
from darknet_py.data.truth import CLASS_ONLY
from darknet_py.detect.draw import colour, save_image
from darknet_py.detect.reading import Pixels, to_bgr
from darknet_py.graph import read_graph

MOST_ROOM, LEAST_ROOM = 416, 200
"""Pixels of the page for the longer side of a sample."""
NAMELESS = 12
"""Boxes over which names would hide the picture."""
LINES = 3


@dataclass(frozen=True)
class SheetJob:
    """What `data sheet` is asked for; width, height: of the input, instead of the cfg's."""

    data: str
    cfg: str
    out: str
    images: int = 16
    first: int = 0
    seed: int = 0
    fork: str = "alexeyab"
    width: int | None = None
    height: int | None = None


def write_sheet(job: SheetJob) -> str:
    """Draw the first samples of a training with this seed; returns a line that says so.

    Raises DarknetError for a data set or cfg that cannot be trained, or a page not to be written.
    """
    data = read_data_file(job.data)
    graph = read_graph(job.cfg, width=job.width, height=job.height, fork=job.fork)
    source = DetectionSet(pictures_of(data, "train"), Recipe.of(graph))
    size = graph.net.width, graph.net.height
    page = sheet(source, _names(data, source.recipe), job.first, job.images, *size, job.seed)
    save_image(job.out, page, 92)
    last = job.first + job.images - 1
    return f"{job.out}: samples {job.first} to {last} of a training with seed {job.seed}"


def sheet(
    source: DetectionSet,
    names: Sequence[str],
    first: int,
    count: int,
    width: int,
    height: int,
    seed: int,
) -> Pixels:
    """A BGR page of samples first, first + 1, ..., the very ones training sees at this size.

    names: by class. Raises DataError when no pictures can be read.
    """
    tiles = [
        _tile(source, names, Key(number, width, height), seed)
        for number in range(first, first + count)
    ]
    shapes = f"{width} x {height}, {source.recipe.fork.name}'s augmentation, seed {seed}"
    return contact_sheet(
        tiles, f"samples {first} to {first + count - 1}: {shapes}", _style(width, height)
    )


def _style(width: int, height: int) -> Style:
    longer = max(width, height)
    scale = min(MOST_ROOM, max(LEAST_ROOM, longer)) / longer
    room = max(1, round(width * scale)), max(1, round(height * scale))
    return Style(columns=4, width=room[0], height=room[1], lines=LINES, margin=0.0)


def _names(data: DataFile, recipe: Recipe) -> list[str]:
    """Class names, and numbers for those without."""
    path = data.file("names")
    names = read_names(path) if path else []
    return [*names, *map(str, range(len(names), recipe.classes))]


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
