"""A LabelledSet as Darknet's programs take it: images, labels beside them, lists, names, .data."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from darknet_py.data.label_paths import label_path
from darknet_py.errors import OutputError
from darknet_py.files import encoded, make_folder, new_folder, replacing
from darknet_py.forks import FORKS
from darknet_py.interchange.image_names import ImageNames
from darknet_py.interchange.labelled_set import SPLITS, LabelledBox, LabelledImage, LabelledSet
from darknet_py.interchange.left_out import LeftOut
from darknet_py.progress import follow

logger = logging.getLogger(__name__)

DATA_NAME, NAMES_NAME = "obj.data", "obj.names"
"""As AlexeyAB's guide calls them."""
DIGITS = 10
"""Of a coordinate: pixels of any image come back exactly."""


def write_darknet_set(
    found: LabelledSet, folder: Path, how: str = "copy", backup: str | None = None
) -> tuple[Path, tuple[str, ...]]:
    """Write a set into a new folder: SPLIT/image with SPLIT/label.txt, SPLIT.txt, names, .data.

    how: a key of files.PLACE_BY, for the images. backup: the folder of weights, None for one in
    `folder`. The folder appears when all is written. Returns the path of the .data file and the
    set's remarks with those of the writing. Raises OutputError, DataError.
    """
    _require_paths(folder)
    left_out = LeftOut()
    with new_folder(folder) as home:
        for split in found.splits:
            make_folder(home / split)
            paths = list(_placed(found.of_split(split), home, folder, how, left_out))
            write_lines(home / f"{split}.txt", paths)
        write_lines(home / NAMES_NAME, found.names)
        write_lines(home / DATA_NAME, _data_lines(found, folder, backup))
    return folder / DATA_NAME, (*found.remarks, *left_out.lines())


def _require_paths(folder: Path) -> None:
    """A folder whose name Darknet's rules for label files would change cannot hold them."""
    text = os.fspath(folder)
    if "\n" in text or "\r" in text:
        raise OutputError(f"{folder}: has a line break, which no list of images can hold")
    image, label = f"{text}/a.jpg", folder / "a.txt"
    elsewhere = "labels of images there are looked for elsewhere"
    if label_path(image) != label:
        raise OutputError(f"{folder}: by Darknet's rule {elsewhere}; name another folder")
    for fork in FORKS.values():
        if label_path(image, fork) != label:
            cure = f"to train with --fork {fork.name} name another folder"
            logger.warning("%s: by %s's rule %s; %s", folder, fork.name, elsewhere, cure)


def _placed(
    images: list[LabelledImage], home: Path, folder: Path, how: str, left_out: LeftOut
) -> Iterator[str]:
    """Images put into the folder of their split, with their labels; gives the lines of its list."""
    names = ImageNames(left_out)
    for image in follow(images, len(images), "importing"):
        name = names.take(image.file)
        target = home / image.split / name
        image.file.place(target, how)
        for label in _label_paths(target):
            write_lines(label, map(label_text, image.boxes), durable=False)
        yield f"{os.fspath(folder)}/{image.split}/{name}"


def _label_paths(image: Path) -> set[Path]:
    """Where the programs look for the labels: for most suffixes the same place."""
    names = {label_path(image.name, fork).name for fork in FORKS.values()}
    return {image.with_name(name) for name in names}


def label_text(box: LabelledBox) -> str:
    """`class x y w h`."""
    return " ".join([str(box.class_id), *(f"{value:.{DIGITS}g}" for value in box[1:])])


def _data_lines(found: LabelledSet, folder: Path, backup: str | None) -> list[str]:
    home = os.fspath(folder)
    lists = [f"{split}={home}/{split}.txt" for split in SPLITS if split in found.splits]
    keep = f"{home}/backup" if backup is None else backup
    return [f"classes={len(found.names)}", *lists, f"names={home}/{NAMES_NAME}", f"backup={keep}"]


def write_lines(path: Path, lines: Iterable[str], durable: bool = True) -> None:
    """A text file; raises OutputError."""
    with replacing(path, durable=durable) as file:
        file.write(encoded("".join(f"{line}\n" for line in lines)))
