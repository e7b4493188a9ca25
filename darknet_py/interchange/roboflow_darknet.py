"""Roboflow's "YOLO Darknet": train, valid and test with images, labels and `_darknet.labels`."""

from __future__ import annotations

from darknet_py.errors import DataError
from darknet_py.interchange.file_tree import FileTree, StoredFile
from darknet_py.interchange.labelled_set import LabelledSet
from darknet_py.interchange.set_builder import SetBuilder
from darknet_py.interchange.yolo_rows import add_images, class_names

NAMES = "_darknet.labels"


def sniff(tree: FileTree) -> str | None:
    """Why a tree may be of this layout, None when it is not."""
    files = _names_files(tree)
    return f"it has {files[0].name}" if files else None


def _names_files(tree: FileTree) -> list[StoredFile]:
    return [StoredFile(tree, name) for name in tree.names if name.split("/")[-1] == NAMES]


def read(builder: SetBuilder) -> LabelledSet:
    """Raises DataError when the splits have different names."""
    first, *others = _names_files(builder.tree)
    names = class_names(first)
    for other in others:
        if class_names(other) != names and not builder.rules.names:
            raise DataError(f"{other}: has other class names than {first}; import one at a time")
    folders = tuple(file.name.removesuffix(NAMES) for file in (first, *others))
    images = [file for file in builder.images.files if _folder(file.name) in folders]
    add_images(builder, images, split=None)
    return builder.finish(names)


def _folder(name: str) -> str:
    return name[: name.rfind("/") + 1]
