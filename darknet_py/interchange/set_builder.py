"""A LabelledSet put together of what a layout's reader finds, by the rules all layouts share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from darknet_py.errors import DataError
from darknet_py.images.header_record import DamagedHeader
from darknet_py.images.headers import read_header
from darknet_py.interchange.file_tree import FileTree, StoredFile
from darknet_py.interchange.image_finder import FileFinder
from darknet_py.interchange.labelled_set import (
    SPLITS,
    LabelledBox,
    LabelledImage,
    LabelledSet,
    split_named,
)
from darknet_py.interchange.left_out import LeftOut

Corners = tuple[float, float, float, float]

EDGE = 1e-3
"""How far beyond the image a box may reach without a word, as a share of it: values are rounded."""
HEAD_BYTES = 1 << 16
BOX, POLYGON, ROTATED = "box", "polygon", "rotated"
MOST_NAMES = 100_000
"""Classes; Darknet's largest tree has 9,418."""


@dataclass(frozen=True)
class ImportRules:
    """polygons: whether polygons and rotated boxes count, by the box around them. difficult:
    whether objects marked as crowd, group or difficult do. names: the classes in their order where
    the user gives them."""

    polygons: bool = False
    difficult: bool = False
    names: tuple[str, ...] = ()


class FoundObject(NamedTuple):
    """label: a class name, or a number from 0 where the layout has a list of names. corners: left,
    top, right, bottom of its box, or of that around it, as shares of the image. shape: BOX, POLYGON
    or ROTATED."""

    label: str | int
    corners: Corners
    shape: str = BOX
    difficult: bool = False


class SetBuilder:
    """Finds the images that are named, and keeps what can be labels of Darknet's.

    images: finds images. texts: finds all other files. left_out: what is not kept, counted.
    """

    def __init__(self, tree: FileTree, rules: ImportRules, *more: FileTree, left_out: LeftOut):
        """more: trees in which images are looked for too."""
        self.tree, self.rules, self.left_out, self._more = tree, rules, left_out, more
        self.images = FileFinder((*more, tree), images=True)
        self.texts = FileFinder((tree,), images=False)
        self._rows: dict[StoredFile, tuple[str, list[tuple[str | int, Corners]]]] = {}

    def on(self, tree: FileTree) -> SetBuilder:
        """An empty one for another tree, with all else that this one has."""
        return SetBuilder(tree, self.rules, *self._more, left_out=self.left_out)

    def image(self, path: str, split: str = "", *, any_suffix: bool = False) -> StoredFile | None:
        """The image that a path of the annotations means; None, and counted, when there is none.

        split: whose folder counts where several have the name.
        """
        found = self.images.find_stem(path) if any_suffix else self.images.find(path)
        if len(found) > 1:
            folders = [file.name.split("/")[:-1] for file in found]
            found = [
                file
                for file, parts in zip(found, folders, strict=True)
                if split_named(parts, "") == split
            ] or found
        if len(found) == 1:
            return found[0]
        self.left_out.add("ambiguous-image" if found else "missing-image", path)
        return None

    def add(self, image: StoredFile, split: str, objects: Iterable[FoundObject]) -> None:
        """An image with its objects; one that is there already is counted."""
        if image in self._rows:
            self.left_out.add("twice", str(image))
            return
        kept = [self._kept(one, str(image)) for one in objects]
        self._rows[image] = split, [one for one in kept if one is not None]

    def _kept(self, found: FoundObject, where: str) -> tuple[str | int, Corners] | None:
        reason = self._refusal(found)
        if reason:
            self.left_out.add(reason, where)
            return None
        corners = found.corners
        cut = _within(corners)
        if max(abs(one - other) for one, other in zip(cut, corners, strict=True)) > EDGE:
            self.left_out.add("cut", where)
        return found.label, cut

    def _refusal(self, found: FoundObject) -> str:
        """Why an object is left out, a key of REASONS, or ""."""
        left, top, right, bottom = found.corners
        if found.shape != BOX and not self.rules.polygons:
            return found.shape
        if found.difficult and not self.rules.difficult:
            return "difficult"
        if not all(map(math.isfinite, found.corners)):
            return "not-finite"
        if right <= left or bottom <= top:
            return "no-size"
        low = _within(found.corners)
        return "outside" if low[0] >= low[2] or low[1] >= low[3] else ""

    def size_of(self, image: StoredFile) -> tuple[int, int] | None:
        """Width and height in pixels, upright as its EXIF says; None, and counted, if it has none.

        Raises DataError when the file cannot be opened.
        """
        data, total = image.head(HEAD_BYTES)
        try:
            header = read_header(data, total) or read_header(image.read(), total)
        except DamagedHeader:
            header = None
        if header is None:
            self.left_out.add("unreadable-image", str(image))
            return None
        return header.size(honour_exif=True)

    def finish(self, names: Sequence[str] | None = None) -> LabelledSet:
        """The set. names: the classes in their order where the layout has them, else None: those
        that were met, sorted. The user's own come before both.

        Raises DataError when there is no image.
        """
        classes = list(self.rules.names or (self.names_met() if names is None else names))
        if len(classes) > MOST_NAMES:
            message = f"has {len(classes)} class names, expected at most {MOST_NAMES}"
            raise DataError(f"{self.tree.label}: {message}")
        numbers = {name: number for number, name in reversed([*enumerate(classes)])}
        images = [
            LabelledImage(image, split, tuple(self._boxes(image, rows, numbers, len(classes))))
            for image, (split, rows) in self._rows.items()
        ]
        for file in self.images.files:
            if file.tree is self.tree and file not in self._rows:
                self.left_out.add("unlisted", str(file))
        images.sort(key=lambda image: SPLITS.index(image.split))
        remarks = self.left_out.lines()
        if not images:
            where = f"{self.tree.label}: " if self.tree.label else ""
            raise DataError("; ".join([f"{where}no image of the data set is left", *remarks[:3]]))
        return LabelledSet(tuple(map(plain_name, classes)), tuple(images), remarks)

    def names_met(self) -> list[str]:
        """The classes of the objects that were kept so far, sorted."""
        return sorted({str(label) for _, rows in self._rows.values() for label, _ in rows})

    def _boxes(
        self,
        image: StoredFile,
        rows: list[tuple[str | int, Corners]],
        numbers: dict[str, int],
        classes: int,
    ) -> Iterable[LabelledBox]:
        for label, corners in rows:
            number = label if isinstance(label, int) else numbers.get(label, -1)
            if 0 <= number < classes:
                yield _by_centre(number, corners)
            else:
                self.left_out.add("class", f"'{label}' of {image}")


def _within(corners: Corners) -> Corners:
    left, top, right, bottom = (min(1.0, max(0.0, value)) for value in corners)
    return left, top, right, bottom


def _by_centre(number: int, corners: Corners) -> LabelledBox:
    left, top, right, bottom = corners
    return LabelledBox(number, (left + right) / 2, (top + bottom) / 2, right - left, bottom - top)


def plain_name(name: str) -> str:
    """A class name as a line of a names file can hold it."""
    shown = "".join(letter if letter.isprintable() else " " for letter in name)
    return " ".join(shown.split()) or "unnamed"


def corners_in(
    size: tuple[float, float], left: float, top: float, right: float, bottom: float
) -> Corners:
    """Corners in pixels as shares of an image of that width and height."""
    width, height = size
    return left / width, top / height, right / width, bottom / height


def around(points: Sequence[tuple[float, float]]) -> Corners:
    """The corners of the box around points; NaN where one is none, as min() would lose it."""
    xs, ys = zip(*points, strict=True)
    if not all(map(math.isfinite, (*xs, *ys))):
        return math.nan, math.nan, math.nan, math.nan
    return min(xs), min(ys), max(xs), max(ys)
