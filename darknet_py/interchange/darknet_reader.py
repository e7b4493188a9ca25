"""A data set as Darknet's programs see it: what a .data file names, with its labels."""

from __future__ import annotations

import os
from pathlib import Path

from darknet_py.cfg.datafile import DataFile
from darknet_py.cfg.names import read_names
from darknet_py.data.label_paths import label_path
from darknet_py.data.labels import read_labels
from darknet_py.data.listing import read_list
from darknet_py.errors import DataError, Location
from darknet_py.forks import Fork
from darknet_py.interchange.file_tree import FolderTree, StoredFile
from darknet_py.interchange.labelled_set import SPLITS, LabelledSet
from darknet_py.interchange.left_out import LeftOut
from darknet_py.interchange.set_builder import FoundObject, ImportRules, SetBuilder


def read_darknet_set(data: DataFile, fork: Fork) -> LabelledSet:
    """All images of its lists, each once, with the labels that lie where the fork looks for them.

    Raises DataError when it has no list, no names, or when no image is there.
    """
    left_out = LeftOut()
    tree = FolderTree(Path(), (), "")  # paths of images are looked for from the working folder
    builder = SetBuilder(tree, ImportRules(), left_out=left_out)
    for split in lists_of(data):
        path = data.file(split)
        for image in read_list(path) if path else ():
            if os.path.isfile(image):
                builder.add(StoredFile(tree, image), split, _objects(image, fork))
            else:
                left_out.add("gone-image", image)
    try:
        return builder.finish(names_of(data))
    except DataError as error:
        raise DataError(error.message, Location(data.path)) from None


def lists_of(data: DataFile) -> list[str]:
    """The splits that it has; raises DataError for none."""
    splits = [split for split in SPLITS if split in data.options]
    if not splits:
        message = "has no train=, valid= or test=, the lists of images"
        raise DataError(message, Location(data.path))
    return splits


def names_of(data: DataFile) -> list[str]:
    """The class names; without a names file their numbers."""
    path = data.file("names")
    return read_names(path) if path else [str(one) for one in range(data.integer("classes", 0))]


def _objects(image: str, fork: Fork) -> list[FoundObject]:
    rows = read_labels(label_path(image, fork)).tolist()
    return [
        FoundObject(int(label), (x - w / 2, y - h / 2, x + w / 2, y + h / 2))
        for label, x, y, w, h in rows
    ]
