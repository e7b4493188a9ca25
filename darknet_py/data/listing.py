"""The images of a data set: what `train=` or `valid=` of a .data file names, and their labels."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from darknet_py.cfg.datafile import DataFile
from darknet_py.data.label_paths import label_path
from darknet_py.errors import DataError, Location
from darknet_py.forks import Fork
from darknet_py.images.image_paths import images_in, listed


def read_list(path: str | os.PathLike[str]) -> list[str]:
    """The image paths of a Darknet image list, in its order; of a folder, all its images.

    A line is looked for from the working folder, else from the list's, else from the one above;
    an image that is nowhere keeps a path, for whoever opens it to name.  The images of a folder
    are sorted by path, those of its sub-folders included.

    Raises DataError when there is no such file, when it is no list, or when it names nothing.
    """
    if os.path.isdir(path):
        return images_in(path, recursive=True)
    if not os.path.exists(path):
        cure = "expected a list with one image path per line, or a folder of images"
        raise DataError(f"no such file; {cure}", Location(os.fspath(path)))
    return listed(Path(path))


def images_of(data: DataFile, key: str) -> list[str]:
    """The images of train= or valid=; raises DataError when the .data file has none."""
    path = data.file(key)
    if path is None:
        cure = "the list of images, one path a line"
        raise DataError(f"has no {key}=, {cure}", Location(data.path))
    return read_list(path)


def images_to_evaluate(data: DataFile) -> list[str]:
    """The images of valid=; as in AlexeyAB's program train= where there is no valid=."""
    return images_of(data, "valid" if "valid" in data.options else "train")


def missing_label_files(images: Sequence[str], fork: Fork) -> str | None:
    """A line on images that have no label file, None when all have one.

    They are examples of what is none of the objects, or a path rule gone wrong.

    Raises DataError when not one image has a label file: nothing could be learnt.
    """
    missing = [path for path in images if not os.path.exists(label_path(path, fork))]
    if not missing:
        return None
    where = f"{missing[0]} should have {label_path(missing[0], fork)}"
    if len(missing) == len(images):
        raise DataError(f"none of {len(images)} images has a label file: {where}")
    counted = f"{len(missing)} of {len(images)} images have no label file"
    return f"{counted} and count as images without objects, the first: {where}"


def left_out_without(images: Sequence[str], path_of: Callable[[str], Path], what: str) -> list[str]:
    """A warning where images have no file of their own beside them and cannot be trained on.

    path_of: where that of an image should be. Raises DataError when not one has it.
    """
    missing = [path for path in images if not path_of(path).exists()]
    if not missing:
        return []
    where = f"{missing[0]} should have {path_of(missing[0])}"
    if len(missing) == len(images):
        raise DataError(f"none of {len(images)} images has a {what}: {where}")
    counted = f"{len(missing)} of {len(images)} images have no {what}"
    return [f"warning: {counted} and are left out, the first: {where}"]


def missing_images(images: Sequence[str], source: str | os.PathLike[str]) -> str | None:
    """A line on images to evaluate that are not there, None when all are.

    source: the .data file. Raises DataError when there is not one.
    """
    missing = [path for path in images if not os.path.exists(path)]
    if not missing:
        return None
    of = f"of {len(images)} images to evaluate"
    if len(missing) == len(images):
        message = f"none {of} is there, such as {missing[0]}; correct the list"
        raise DataError(message, Location(os.fspath(source)))
    return f"{len(missing)} {of} are not there and are left out, the first: {missing[0]}"
