"""Label Studio's YOLO export: classes.txt, notes.json, images/, labels/."""

from __future__ import annotations

from darknet_py.errors import DataError
from darknet_py.interchange.file_tree import FileTree, StoredFile
from darknet_py.interchange.labelled_set import LabelledSet, split_named
from darknet_py.interchange.set_builder import SetBuilder
from darknet_py.interchange.yolo_rows import LABELS, add_images, class_names, rows_of

NAMES = "classes.txt"


def sniff(tree: FileTree) -> str | None:
    """Why a tree may be of this layout, None when it is not."""
    named = _names_file(tree)
    return f"it has {named.name} and a folder {LABELS}" if named and _labels(tree) else None


def _names_file(tree: FileTree) -> StoredFile | None:
    names = sorted((name for name in tree.names if name.split("/")[-1] == NAMES), key=len)
    return StoredFile(tree, names[0]) if names else None


def _labels(tree: FileTree) -> list[StoredFile]:
    """The label files; LabelImg leaves its classes.txt among them."""
    return [
        StoredFile(tree, name)
        for name in tree.names
        if LABELS in name.split("/")[:-1] and name.endswith(".txt") and not name.endswith(NAMES)
    ]


def read(builder: SetBuilder) -> LabelledSet:
    """Labels decide what is in the set, and images without labels are in it too."""
    named = _names_file(builder.tree)
    if named is None:
        raise DataError(f"{builder.tree.label}: has no {NAMES}, the class names")
    labelled = set()
    for label in _labels(builder.tree):
        split = split_named(label.name.split("/")[:-1])
        image = builder.image(label.name, split, any_suffix=True)
        if image is not None:
            labelled.add(image)
            builder.add(image, split, rows_of(label, builder))
    add_images(builder, [file for file in builder.images.files if file not in labelled], None)
    return builder.finish(class_names(named))
