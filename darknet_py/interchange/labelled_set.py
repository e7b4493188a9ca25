"""A data set of boxes whatever its layout was: images, boxes, class names, what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from darknet_py.interchange.file_tree import StoredFile

SPLITS = ("train", "valid", "test")
SPLIT_WORDS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("valid", "val", "validation"), "valid"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""What the splits are called in other layouts -> the key of a .data file."""

IMAGE_FOLDERS = ("images", "JPEGImages", "raw")
"""Folders beside which the labels may lie, in one called labels."""


class LabelledBox(NamedTuple):
    """class_id: counted from 0. x, y, w, h: centre and size as shares of the image, within it."""

    class_id: int
    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, eq=False)
class LabelledImage:
    """file: its bytes and where they lie. split: one of SPLITS."""

    file: StoredFile
    split: str
    boxes: tuple[LabelledBox, ...]


@dataclass(frozen=True, eq=False)
class LabelledSet:
    """names: by class. remarks: a line for each kind of thing that is left out or changed."""

    names: tuple[str, ...]
    images: tuple[LabelledImage, ...]
    remarks: tuple[str, ...] = ()

    def of_split(self, split: str) -> list[LabelledImage]:
        """The images of a split, in their order."""
        return [image for image in self.images if image.split == split]

    @property
    def splits(self) -> list[str]:
        """Those that have images."""
        there = {image.split for image in self.images}
        return [split for split in SPLITS if split in there]

    @property
    def box_count(self) -> int:
        return sum(len(image.boxes) for image in self.images)


def split_named(words: Sequence[str], default: str = "train") -> str:
    """The split that the last of some words names (parts of a path, say)."""
    known = [SPLIT_WORDS[word.lower()] for word in words if word.lower() in SPLIT_WORDS]
    return known[-1] if known else default
