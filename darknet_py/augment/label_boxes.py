"""Labels under augmentation: where boxes go when pixels move, and Darknet's truth arrays.

Labels are float32 (K, 5): class x y w h, relative to the image; or (K, 6) with a track number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from darknet_py.augment.label_rules import LabelLimits, edges, finite, without_box
from darknet_py.augment.pixels import CropMargins
from darknet_py.forks import ALEXEYAB, PJREDDIE

Floats = NDArray[np.float32]

CLASS_ONLY = 999999.0
"""x y w h of a label without a box (YOLO9000: x = y = 0), as the C programs mark it."""


@dataclass(frozen=True)
class BoxTransform:
    """x' = x * scale - shift per axis (x, y), in parts of the image; then mirrored if flip."""

    scale: tuple[float, float]
    shift: tuple[float, float]
    flip: bool = False

    @staticmethod
    def of_crop(crop: CropMargins, flip: bool) -> BoxTransform:
        """What a crop stretched to the whole input does."""
        wide, high = crop.size
        shift = (crop.left / wide, crop.top / high)
        return BoxTransform((crop.width / wide, crop.height / high), shift, flip)


def transform_labels(labels: Floats, transform: BoxTransform, anywhere: bool = False) -> Floats:
    """Labels after a transform, cut to the image; those outside of it have no width or height.

    A label with x = y = 0 becomes CLASS_ONLY, and so does one that lay outside of the image to
    begin with, unless `anywhere`. Labels that are not finite are left out.
    """
    labels = labels[finite(labels)]
    low, high = edges(labels)
    lost = without_box(labels)
    if not anywhere:
        lost |= (high < 0).any(1) | (low > 1).any(1)
    scale, shift = np.array(transform.scale, np.float32), np.array(transform.shift, np.float32)
    low, high = low * scale - shift, high * scale - shift
    if transform.flip:
        low[:, 0], high[:, 0] = 1 - high[:, 0], 1 - low[:, 0]
    low, high = low.clip(0, 1), high.clip(0, 1)
    moved = np.hstack([labels[:, :1], (low + high) / 2, high - low, labels[:, 5:]])
    moved[lost, 1:5] = CLASS_ONLY
    return moved


def keep_alexeyab(labels: Floats, classes: int, width: int, height: int) -> Floats:
    """Labels of known classes with a middle in the image and at least 1 pixel of the input."""
    limits = LabelLimits.of(ALEXEYAB, classes, width, height)
    centre = labels[:, 1:3]
    inside = ((centre > 0) & (centre <= 1)).all(1)
    kept = labels[limits.known(labels) & limits.large(labels[:, 3:5]) & inside]
    kept[:, 3:5] = kept[:, 3:5].clip(None, 1)
    return kept


def keep_pjreddie(labels: Floats) -> Floats:
    """Labels of at least a thousandth of the image's sides, whatever their class."""
    return labels[LabelLimits.of(PJREDDIE, 0, 0, 0).large(labels[:, 3:5])]


def shuffled(labels: Floats, rng: Generator) -> Floats:
    """In random order, so that every label is kept at times where an image has too many."""
    return labels[rng.permutation(len(labels))]


def box_truth(labels: Floats, most_labels: int, size: int) -> Floats:
    """float32 (most_labels * size): rows of x y w h class [track], padded with zeros."""
    rows = np.zeros((most_labels, size), np.float32)
    labels = labels[:most_labels]
    rows[: len(labels), :4] = labels[:, 1:5]
    rows[: len(labels), 4] = labels[:, 0]
    rows[: len(labels), 5 : labels.shape[1]] = labels[:, 5:]
    return rows.ravel()


def cell_truth(labels: Floats, side: int, classes: int, least: float) -> Floats:
    """float32 (side * side * (1 + classes + 4)): YOLOv1's cells of object, class, x y w h.

    The first label of a cell counts. least: labels with a smaller side are left out.
    """
    cells = np.zeros((side * side, 5 + classes), np.float32)
    large = LabelLimits(least=(least, least)).large(labels[:, 3:])
    labels = labels[large & (labels[:, 1:3] <= 1).all(1)]
    cell_xy = np.minimum((labels[:, 1:3] * side).astype(int), side - 1)
    _, first = np.unique(cell_xy[:, 1] * side + cell_xy[:, 0], return_index=True)
    labels, cell_xy = labels[first], cell_xy[first]
    index = cell_xy[:, 1] * side + cell_xy[:, 0]
    cells[index, 0] = 1
    known = (labels[:, 0] >= 0) & (labels[:, 0] < classes)
    cells[index[known], 1 + labels[known, 0].astype(int)] = 1
    cells[index, -4:-2] = labels[:, 1:3] * side - cell_xy
    cells[index, -2:] = labels[:, 3:]
    return cells.ravel()


def labels_of_boxes(values: Floats, size: int) -> Floats:
    """The labels (K, 5) of rows of x y w h class [track], which end at the first x of 0."""
    rows = values.reshape(-1, size)
    rows = rows[(rows[:, 0] != 0).cumprod().astype(bool)]
    return np.hstack([rows[:, 4:5], rows[:, :4]])


def labels_of_cells(values: Floats, side: int, classes: int) -> Floats:
    """The labels (K, 5) of YOLOv1's cells; class -1 where a cell has an object and no class."""
    cells = values.reshape(side * side, 5 + classes)
    index = np.flatnonzero(cells[:, 0])
    cells = cells[index]
    cell_xy = np.stack([index % side, index // side], axis=1).astype(np.float32)
    known = cells[:, 1 : 1 + classes]
    number = np.where(known.any(1), known.argmax(1) if classes else 0, -1)
    centre = (cells[:, -4:-2] + cell_xy) / side
    return np.hstack([number[:, None], centre, cells[:, -2:]]).astype(np.float32)
