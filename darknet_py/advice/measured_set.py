"""A data set in numbers: its images' sizes and its labels, read without decoding an image."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from darknet_py.anchors.box_sizes import BoxSizes, read_box_sizes
from darknet_py.anchors.kmeans import Sizes
from darknet_py.cfg.datafile import DataFile, read_data_file, required_file
from darknet_py.cfg.names import read_names
from darknet_py.data.listing import read_list
from darknet_py.errors import DataError, ImageError
from darknet_py.forks import Fork
from darknet_py.images.header_record import Size
from darknet_py.images.io import check_image
from darknet_py.parallel import ordered_map
from darknet_py.progress import follow
from darknet_py.system import processors

TOGETHER = 64
"""Images a thread looks at in one go."""


@dataclass(frozen=True, eq=False)
class MeasuredSet:
    """The images of train= and their labels.

    image_sizes: (M, 2) width and height of the images that can be read. sizes: (N, 2) relative
    width and height of the usable labels on them; image_of: (N, 2) the size of the image that each
    is on; owners: (N,) its number; kinds: (N,) its class. unreadable, refused: images, and labels
    that are left out; first_unreadable, first_refused: where.
    """

    path: str
    classes: int
    names: tuple[str, ...]
    images: int
    image_sizes: Sizes
    unreadable: int
    first_unreadable: str
    sizes: Sizes
    image_of: Sizes
    owners: NDArray[np.int64]
    kinds: NDArray[np.int64]
    refused: int
    first_refused: str

    @property
    def labels(self) -> int:
        return len(self.sizes)

    @property
    def empty(self) -> int:
        """Images without a usable label, which teach what is none of the objects."""
        return len(self.image_sizes) - len(np.unique(self.owners))

    @property
    def labels_per_class(self) -> list[int]:
        return self._counted(self.kinds)

    @property
    def images_per_class(self) -> list[int]:
        """Images with at least one label of each class."""
        pairs = np.unique(np.stack([self.owners, self.kinds], axis=1), axis=0)
        return self._counted(pairs[:, 1])

    @property
    def beyond(self) -> int:
        """Labels of a class that the data set does not have."""
        return int((self.kinds >= self.classes).sum())

    def _counted(self, kinds: NDArray[np.int64]) -> list[int]:
        counts: list[int] = np.bincount(kinds, minlength=self.classes).tolist()
        return counts

    def name(self, number: int) -> str:
        """The name of a class, its number where it has none."""
        return self.names[number] if number < len(self.names) else str(number)

    def at(self, width: int, height: int, letter_box: bool) -> Sizes:
        """(N, 2) the labels' sizes in pixels of an input: images are stretched to it, or with
        letter_box scaled until they fit into it."""
        if not letter_box:
            return self.sizes * (width, height)
        scale = (np.array([width, height]) / self.image_of).min(axis=1, keepdims=True)
        return self.sizes * self.image_of * scale


def measure(path: str, fork: Fork) -> MeasuredSet:
    """The data set of a .data file; images are read as far as their headers go.

    Raises DataError where there is nothing to learn from.
    """
    data = read_data_file(path)
    images = read_list(required_file(data, "train"))
    boxes = read_box_sizes(data, images, fork)
    found = list(follow(_sizes(images, fork.images.upright), len(images), "images"))
    known = np.array([size is not None for size in found])
    if not known.any():
        raise DataError(f"{path}: none of {len(images)} images can be read, such as {images[0]}")
    all_sizes = np.array([size or (0, 0) for size in found], np.float64)
    kept = known[boxes.owners]
    if not kept.any():
        raise DataError(f"{path}: no image that can be read has a usable label")
    names = data_names(data)
    return MeasuredSet(
        path=path,
        classes=classes_of(data, names, boxes),
        names=names,
        images=len(images),
        image_sizes=all_sizes[known],
        unreadable=int((~known).sum()),
        first_unreadable="" if known.all() else images[int(np.argmin(known))],
        sizes=boxes.sizes[kept],
        image_of=all_sizes[boxes.owners[kept]],
        owners=boxes.owners[kept],
        kinds=boxes.classes[kept],
        refused=boxes.refused,
        first_refused=boxes.first_refused,
    )


def classes_of(data: DataFile, names: Sequence[str], boxes: BoxSizes | None = None) -> int:
    """classes= of a .data file, else as many as it has names, else what the labels need.

    Raises DataError where none of them says.
    """
    written = data.integer("classes", 0)
    count = written or len(names) or (len(boxes.counts) if boxes else 0)
    if count < 1:
        raise DataError(f"{data.path}: has no classes= and no names=; write how many there are")
    return count


def data_names(data: DataFile) -> tuple[str, ...]:
    """The class names of a .data file (names=, of classifiers labels=); none where it has none."""
    file: Path | None = data.file("names") or data.file("labels")
    if file is None:
        return data.names
    return tuple(read_names(file)) if os.path.isfile(file) else ()


def _sizes(images: Sequence[str], upright: bool) -> Iterator[Size | None]:
    def look(some: Sequence[str]) -> list[Size | None]:
        return [_size(image, upright) for image in some]

    parts = [images[at : at + TOGETHER] for at in range(0, len(images), TOGETHER)]
    for sizes in ordered_map(look, parts, processors(), 2 * processors()):
        yield from sizes


def _size(image: str, upright: bool) -> Size | None:
    try:
        return check_image(image, decode=False).size(upright)
    except ImageError:
        return None
