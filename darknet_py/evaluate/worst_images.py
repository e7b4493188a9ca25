"""The images with most errors, drawn: labels found and missed, boxes right and wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from darknet_py.evaluate.accumulator import MatchedDetections
from darknet_py.evaluate.matching import Integers, Mask, hits
from darknet_py.files import make_folder
from darknet_py.images.draw import paint, save_image
from darknet_py.images.io import Pixels, read_image, to_bgr
from darknet_py.images.label_text import Colour

FOUND, MISSED, RIGHT, WRONG = (0, 160, 0), (0, 200, 255), (255, 160, 0), (0, 0, 230)
"""Blue, green, red: dark green and yellow for labels, light blue and red for boxes."""


@dataclass(frozen=True)
class ImageErrors:
    """An image's number in the list, its boxes that hit nothing, its labels that nothing hit."""

    image: int
    wrong: int
    missed: int

    @property
    def total(self) -> int:
        return self.wrong + self.missed


def worst_images(matched: MatchedDetections, thresh: float, count: int) -> list[ImageErrors]:
    """At most `count` images with errors above the threshold, the worst first."""
    _, wrong, hit_labels = hits_and_misses(matched, thresh)
    images = len(matched.images)
    objects = matched.ground_truth.objects
    false = np.bincount(matched.entries.image[wrong], minlength=images)
    missed = np.bincount(objects.image[~hit_labels], minlength=images)
    order = np.argsort(-(false + missed), kind="stable")[:count]
    errors = [ImageErrors(int(k), int(false[k]), int(missed[k])) for k in order]
    return [one for one in errors if one.total]


def draw_worst(
    matched: MatchedDetections,
    names: Sequence[str],
    thresh: float,
    count: int,
    folder: Path,
    honour_exif: bool = False,
) -> list[Path]:
    """Draw the worst images into a folder, which is made; gives their paths, the worst first.

    Labels are dark green where a box hits them and yellow where no box does, boxes light blue and
    red likewise. honour_exif: as when the boxes were found. Raises OutputError.
    """
    make_folder(folder)
    paths, found = [], hits_and_misses(matched, thresh)
    for rank, errors in enumerate(worst_images(matched, thresh, count), 1):
        source = Path(matched.images[errors.image])
        name = f"{rank:03d}_{errors.wrong}-wrong_{errors.missed}-missed_{source.stem}.jpg"
        pixels = to_bgr(read_image(source, honour_exif=honour_exif))
        save_image(folder / name, _drawn(pixels, matched, names, found, errors.image))
        paths.append(folder / name)
    return paths


def hits_and_misses(matched: MatchedDetections, thresh: float) -> tuple[Mask, Mask, Mask]:
    """Which entries hit and miss above the threshold, and which labels are hit.

    A label is hit by the best of its boxes, unlike in the table's TP.
    """
    score, label = matched.entries.score, matched.label
    above = np.flatnonzero(score > np.float32(thresh))
    order = above[np.argsort(-score[above], kind="stable")]
    hit, wrong = np.zeros(len(score), np.bool_), np.zeros(len(score), np.bool_)
    hit[order] = hits(label[order])
    wrong[above] = ~hit[above]
    hit_labels = np.zeros(len(matched.ground_truth), np.bool_)
    hit_labels[label[hit]] = True
    return hit, wrong, hit_labels


def _drawn(
    pixels: Pixels,
    matched: MatchedDetections,
    names: Sequence[str],
    found: tuple[Mask, Mask, Mask],
    image: int,
) -> Pixels:
    hit, wrong, hit_labels = found
    entries, labels = matched.entries, matched.ground_truth.rows(image, image + 1)
    objects = matched.ground_truth.objects.select(labels)
    boxes, texts, colours = list[NDArray[np.float32]](), list[str](), list[Colour]()
    for box, class_id, ok in zip(objects.boxes, objects.class_id, hit_labels[labels], strict=True):
        boxes.append(box)
        texts.append("" if ok else f"missed {names[class_id]}")
        colours.append(FOUND if ok else MISSED)
    for row in np.flatnonzero((hit | wrong) & (entries.image == image)):
        boxes.append(entries.boxes[row])
        texts.append(f"{names[entries.class_id[row]]} {entries.score[row]:.2f}")
        colours.append(RIGHT if hit[row] else WRONG)
    return paint(pixels, _corners(boxes, matched.sizes[image]), texts, colours)


def _corners(boxes: Sequence[NDArray[np.float32]], size: Integers) -> NDArray[np.float64]:
    table = np.array(boxes, np.float64).reshape(-1, 4)
    middle, half = table[:, :2], table[:, 2:] / 2
    return np.concatenate([middle - half, middle + half], axis=1) * np.tile(size, 2)
