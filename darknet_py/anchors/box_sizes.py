"""The sizes of all labelled boxes of a data set: read, and drawn as `calc_anchors --show`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from darknet_py.anchors.kmeans import Sizes, nearest
from darknet_py.augment.label_rules import LabelTable
from darknet_py.cfg.datafile import MOST, DataFile, required_file
from darknet_py.data.bad_lists import ListedFault, missing_label_file, wrong_labels
from darknet_py.data.label_paths import label_path
from darknet_py.data.labels import read_labels
from darknet_py.errors import DataError, Location
from darknet_py.forks import Fork
from darknet_py.plots import new_figure, save

DOTS = 20_000
"""Boxes shown at most: more of them are one blot."""


@dataclass(frozen=True, eq=False)
class BoxSizes:
    """sizes: (N, 2) relative width and height of all usable labels; counts: of each class.

    owners: (N,) the number of the image that each belongs to. classes: (N,) what it is.

    images: how many. refused: labels that are not usable, the first of them in `first_refused`.
    faults: what Darknet complains of, wrong labels and missing files, in the order of the images.
    """

    sizes: Sizes
    owners: NDArray[np.int64]
    classes: NDArray[np.int64]
    counts: list[int]
    images: int
    refused: int
    first_refused: str
    faults: list[ListedFault]


def read_box_sizes(data: DataFile, images: Sequence[str], fork: Fork) -> BoxSizes:
    """The labels of the images of train=; raises DataError when not one is usable."""
    paths = [label_path(image, fork) for image in images]
    tables = [read_labels(path) for path in paths]
    table = np.concatenate(tables).astype(np.float64)
    size = table[:, 3:]
    # Darknet prints these as wrong labels and counts them all the same.
    good = (np.isfinite(size) & (size > 0) & (size <= 1)).all(axis=1)
    good &= (table[:, 0] >= 0) & (table[:, 0] < MOST)
    if not good.any():
        listed = os.fspath(required_file(data, "train"))
        raise DataError(f"no usable label for any of {len(images)} images", Location(listed))
    owner = np.repeat(np.arange(len(tables)), [len(rows) for rows in tables])
    first = str(paths[owner[np.argmin(good)]]) if not good.all() else ""
    classes = max(data.integer("classes", 1), int(table[good, 0].max()) + 1)
    kinds = table[good, 0].astype(np.int64)
    counts = np.bincount(kinds, minlength=classes).tolist()
    faults = [
        fault for path, rows in zip(paths, tables, strict=True) for fault in _faults(path, rows)
    ]
    refused = int((~good).sum())
    return BoxSizes(size[good], owner[good], kinds, counts, len(images), refused, first, faults)


def _faults(path: Path, labels: LabelTable) -> Iterator[ListedFault]:
    if not len(labels) and not path.exists():
        yield missing_label_file(os.fspath(path))
    yield from wrong_labels(labels, os.fspath(path))


def draw_cloud(path: Path, boxes: Sizes, anchors: Sizes, unit: tuple[int, int]) -> None:
    """The sizes of boxes (N, 2), coloured by nearest anchor, and the anchors (k, 2) as frames."""
    from matplotlib.patches import Rectangle

    shown = boxes if len(boxes) <= DOTS else np.random.default_rng(0).choice(boxes, DOTS)
    figure = new_figure(8, 8)
    axes = figure.add_subplot()
    chosen, _ = nearest(shown, anchors)
    axes.scatter(shown[:, 0], shown[:, 1], c=chosen, cmap="tab20", s=10, alpha=0.6, linewidths=0)
    for number, (width, height) in enumerate(anchors.tolist()):
        axes.add_patch(Rectangle((0, 0), width, height, fill=False, linewidth=1, alpha=0.6))
        axes.annotate(
            f"{number}: {width:.4g} x {height:.4g}",
            (width, height),
            (5, 4),
            textcoords="offset points",
        )
    axes.scatter(anchors[:, 0], anchors[:, 1], c="black", marker="x")
    axes.set(xlabel="width", ylabel="height", xlim=(0, unit[0]), ylim=(0, unit[1]))
    axes.set_title(f"{len(boxes)} boxes and {len(anchors)} anchors at {unit[0]} x {unit[1]}")
    save(figure, path)
