"""The labels of a list of images, read and checked before a network runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from darknet_py.data.label_paths import label_path
from darknet_py.data.labels import read_labels
from darknet_py.errors import DataError, Location
from darknet_py.evaluate.matching import Floats, Integers, Objects
from darknet_py.forks import ALEXEYAB, Fork


@dataclass(frozen=True, eq=False)
class GroundTruth:
    """The labels of N images, image by image.

    starts: (N + 1,) row of each image's first label. missing: image -> path of its label file,
    where that is not there; the image counts as empty.
    """

    objects: Objects
    starts: Integers
    missing: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.objects)

    @property
    def unlabelled(self) -> tuple[str, ...]:
        return tuple(self.missing.values())

    def without(self, images: Sequence[int]) -> tuple[GroundTruth, Integers]:
        """The labels but for those of some images, and where each row is then."""
        kept = ~np.isin(self.objects.image, images)
        place = np.cumsum(kept) - 1
        starts = np.concatenate([[0], np.cumsum(kept)])[self.starts]
        left = set(images)
        missing = {image: path for image, path in self.missing.items() if image not in left}
        return GroundTruth(self.objects.select(kept), starts, missing), place

    def rows(self, first: int, last: int) -> slice:
        """The labels of the images `first` to `last` - 1."""
        return slice(int(self.starts[first]), int(self.starts[last]))


def read_ground_truth(
    images: Sequence[str], classes: int, fork: Fork = ALEXEYAB, needed: bool = True
) -> GroundTruth:
    """The labels of the images, in their order.

    Raises DataError for a class that is not in 0..classes - 1, a number that is not finite, or, if
    they are needed, when there is not one label.
    """
    paths = [label_path(image, fork) for image in images]
    tables = [_checked(read_labels(path), path, classes) for path in paths]
    counts = [len(table) for table in tables]
    if needed and not any(counts):
        message = f"no labels for any of the {len(images)} images, so there is nothing to measure"
        raise DataError(f"{message}; expected `class x y w h` lines", Location(str(paths[0])))
    missing = {
        image: str(path)
        for image, (path, count) in enumerate(zip(paths, counts, strict=True))
        if not count and not path.is_file()
    }
    table = np.concatenate(tables)
    image = np.repeat(np.arange(len(images)), counts)
    objects = Objects(image, table[:, 0].astype(np.int64), table[:, 1:])
    return GroundTruth(objects, np.concatenate([[0], np.cumsum(counts)]), missing)


def _checked(table: Floats, path: Path, classes: int) -> Floats:
    numbers, boxes = table[:, 0], table[:, 1:]
    strange = (numbers < 0) | (numbers >= classes)
    if strange.any():
        row = int(strange.argmax())
        message = f"label {row + 1} has class {numbers[row]:.0f}, expected 0 to {classes - 1}"
        cure = "do names and cfg belong to this data set?"
        raise DataError(f"{message}; {cure}", Location(str(path)))
    if not np.isfinite(boxes).all():
        row = int(np.argmin(np.isfinite(boxes).all(axis=1)))
        raise DataError(f"label {row + 1} has a number that is not finite", Location(str(path)))
    return table
