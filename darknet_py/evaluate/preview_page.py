"""`train --preview`: a page of validation images with their labels and the boxes found in them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from darknet_py.errors import ImageError
from darknet_py.evaluate.accumulator import MatchedDetections
from darknet_py.evaluate.matching import Mask
from darknet_py.evaluate.worst_images import FOUND, MISSED, RIGHT, WRONG, hits_and_misses
from darknet_py.images.contact_sheet import BoxMark, SheetStyle, SheetTile, contact_sheet
from darknet_py.images.draw import save_image
from darknet_py.images.io import Pixels, read_image, to_bgr

IMAGES = 16
STYLE = SheetStyle(columns=4, width=360, height=300, lines=1, margin=0.02)
QUALITY = 90
MOST_BOXES = 30
"""Of an image; a network that has just begun to learn may find hundreds."""
NAMELESS = 12
"""More boxes than this, and words would hide the image."""
LEGEND = (
    (FOUND, "label, found"),
    (MISSED, "label, missed"),
    (RIGHT, "box, right"),
    (WRONG, "box, wrong"),
)


def previewed(images: int, seed: int) -> list[int]:
    """The numbers of the images on the page: the same each time for the same list and seed."""
    return sorted(random.Random(seed).sample(range(images), min(IMAGES, images)))


@dataclass(frozen=True)
class PreviewPage:
    """What is drawn of an evaluation. names: by class. thresh: minimum score of the boxes.
    honour_exif: as when they were found."""

    matched: MatchedDetections
    names: Sequence[str]
    thresh: float
    honour_exif: bool = False

    def save(self, path: Path, numbers: Sequence[int], title: str) -> None:
        """Draw the images of these numbers to a file. Raises OutputError."""
        found = hits_and_misses(self.matched, self.thresh)
        tiles = [self._tile(number, found) for number in numbers]
        save_image(path, contact_sheet(tiles, title, STYLE, LEGEND), QUALITY)

    def _tile(self, image: int, found: tuple[Mask, Mask, Mask]) -> SheetTile:
        hit, wrong, hit_labels = found
        entries, truth = self.matched.entries, self.matched.ground_truth
        labels = np.arange(len(truth))[truth.rows(image, image + 1)]
        shown = np.flatnonzero((hit | wrong) & (entries.image == image))
        best = shown[np.argsort(-entries.score[shown], kind="stable")][:MOST_BOXES]
        marks = [self._label_mark(row, hit_labels[row]) for row in labels]
        marks += [self._box_mark(row, hit[row]) for row in best]
        words = f"{int(hit_labels[labels].sum())} of {len(labels)} found, "
        words += f"{int(wrong[shown].sum())} wrong: {Path(self.matched.images[image]).name}"
        return SheetTile(self._pixels(image), tuple(_named(marks)), (words,))

    def _label_mark(self, row: int, found: bool) -> BoxMark:
        objects = self.matched.ground_truth.objects
        words, colour = ("", FOUND) if found else (self.names[objects.class_id[row]], MISSED)
        return BoxMark.of_label(objects.boxes[row].tolist(), colour, words, not found)

    def _box_mark(self, row: int, right: bool) -> BoxMark:
        entries = self.matched.entries
        words = f"{self.names[entries.class_id[row]]} {entries.score[row]:.2f}"
        box: NDArray[np.float32] = entries.boxes[row]
        return BoxMark.of_label(box.tolist(), RIGHT if right else WRONG, words, not right)

    def _pixels(self, image: int) -> Pixels | None:
        """None for one that cannot be read: the evaluation has said so."""
        try:
            pixels = read_image(self.matched.images[image], honour_exif=self.honour_exif)
        except ImageError:
            return None
        return to_bgr(pixels)


def _named(marks: Sequence[BoxMark]) -> Sequence[BoxMark]:
    """With their words; where these are too many only those of errors, which are the thick ones."""
    if len(marks) <= NAMELESS:
        return marks
    errors = sum(mark.thick for mark in marks)
    return [m if m.thick and errors <= NAMELESS else replace(m, words="") for m in marks]
