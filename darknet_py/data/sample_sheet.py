"""Pages of training samples as the network sees them, with their boxes or classes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from darknet_py.augment.config import AugmentConfig
from darknet_py.augment.label_boxes import CLASS_ONLY
from darknet_py.augment.mix import MIXUP, MOSAIC
from darknet_py.augment.sample_images import Sequences
from darknet_py.cfg.datafile import DataFile, read_data_file
from darknet_py.cfg.names import names_of_data
from darknet_py.data.class_labels import ClassLabels, Floats
from darknet_py.data.classifier_samples import ClassifierSet
from darknet_py.data.detection_samples import DetectionSet
from darknet_py.data.listing import images_of
from darknet_py.data.loader import SampleKey, first_readable
from darknet_py.images.contact_sheet import BoxMark, SheetStyle, SheetTile, contact_sheet
from darknet_py.images.draw import colour, save_image
from darknet_py.images.io import Pixels, to_bgr
from darknet_py.network.graph import Graph, read_graph
from darknet_py.options.datasets import SheetOptions

MOST_ROOM, LEAST_ROOM = 416, 200
"""Pixels of the page for the longer side of a sample."""
NAMELESS = 12
"""More boxes than this, and names would hide the image."""
WORDS = 4
"""Classes named under an image at most, the likeliest first."""
LINES = 3
MIXED = {0: "", MIXUP: ", mixup", MOSAIC: ", mosaic"}


def write_sheet(options: SheetOptions) -> str:
    """Draw the first samples of a training with this seed; returns a line that says so.

    Raises DarknetError for a data set or cfg that cannot be trained, or a page not to be written.
    """
    data = read_data_file(options.data)
    graph = read_graph(
        options.cfg, width=options.width, height=options.height, fork=options.fork_in_force
    )
    numbers = range(options.first, options.first + options.images)
    keys = [SampleKey(number, graph.net.width, graph.net.height) for number in numbers]
    save_image(options.out, _page(graph, data, keys, options.seed), 92)
    which = f"samples {numbers[0]} to {numbers[-1]}"
    return f"{options.out}: {which} of a training with seed {options.seed}"


def _page(graph: Graph, data: DataFile, keys: Sequence[SampleKey], seed: int) -> Pixels:
    images = images_of(data, "train")
    if graph.head_classes is None:
        return classifier_sheet(ClassifierSet.of(graph, images, data), keys, seed)
    source = DetectionSet(images, AugmentConfig.of(graph), sequences=Sequences.of(graph))
    return detection_sheet(source, names_of_data(data, source.config.classes), keys, seed)


def detection_sheet(
    source: DetectionSet, names: Sequence[str], keys: Sequence[SampleKey], seed: int
) -> Pixels:
    """A BGR page of these samples, the very ones training sees; names: by class.

    Raises DataError when no images can be read.
    """
    tiles = [_detection_tile(source, names, key, seed) for key in keys]
    first, last = keys[0], keys[-1]
    mixed = MIXED[source.config.mixing]
    facts = f"{first.width} x {first.height}, {source.config.fork.name}{mixed}, seed {seed}"
    title = f"samples {first.number} to {last.number}: {facts}"
    return contact_sheet(tiles, title, _style(first.width, first.height))


def _style(width: int, height: int) -> SheetStyle:
    longer = max(width, height)
    scale = min(MOST_ROOM, max(LEAST_ROOM, longer)) / longer
    room = max(1, round(width * scale)), max(1, round(height * scale))
    return SheetStyle(columns=4, width=room[0], height=room[1], lines=LINES, margin=0.0)


def _detection_tile(
    source: DetectionSet, names: Sequence[str], key: SampleKey, seed: int
) -> SheetTile:
    def make(key: SampleKey) -> tuple[Pixels, NDArray[np.float32], list[str]]:
        return *source.sample(*key, seed), source.drawn(*key, seed)

    (pixels, truth, drawn), unreadable = first_readable(key, make)
    labels = source.config.labels_of(truth)
    has_box = labels[:, 3] < CLASS_ONLY
    many = has_box.sum() > NAMELESS
    marks = tuple(_box_mark(row, names, len(names), not many) for row in labels[has_box])
    files = ", ".join(os.path.basename(path) for path in drawn)
    words = [f"{key.number}: {files} ({len(marks)} boxes)"]
    words += [f"without a box: {_name(row, names)}" for row in labels[~has_box]]
    words += [f"left out: {line}" for line in unreadable]
    return SheetTile(to_bgr(np.ascontiguousarray(pixels.transpose(1, 2, 0))), marks, tuple(words))


def _box_mark(row: NDArray[np.float32], names: Sequence[str], classes: int, named: bool) -> BoxMark:
    box_colour = colour(max(0, int(row[0])), max(1, classes))
    return BoxMark.of_label(row[1:].tolist(), box_colour, _name(row, names) if named else "")


def _name(row: NDArray[np.float32], names: Sequence[str]) -> str:
    number = int(row[0])
    return names[number] if 0 <= number < len(names) else "no such class"


def classifier_sheet(source: ClassifierSet, keys: Sequence[SampleKey], seed: int) -> Pixels:
    """A BGR page of these samples over their classes, and how much of each there is."""
    tiles = [_classifier_tile(source, key, seed) for key in keys]
    style = SheetStyle(columns=8, width=170, height=170, lines=WORDS, margin=0.02)
    title = f"samples {keys[0].number} to {keys[-1].number}, seed {seed}"
    return contact_sheet(tiles, title, style)


def _classifier_tile(source: ClassifierSet, key: SampleKey, seed: int) -> SheetTile:
    def make(one: SampleKey) -> tuple[NDArray[np.uint8], Floats]:
        return source.sample(*one, seed)

    (chw, truth), _ = first_readable(key, make)
    image = to_bgr(np.ascontiguousarray(chw.transpose(1, 2, 0)))
    return SheetTile(image, caption=tuple(class_shares(truth, source.labels)))


def class_shares(truth: Floats, labels: ClassLabels) -> Iterator[str]:
    """The classes of a sample as `word share`, the largest first."""
    for number in np.argsort(-truth, kind="stable")[:WORDS]:
        if truth[number] > 0:
            yield f"{labels.words[number]} {truth[number]:.2g}"
