"""CVAT's "YOLO 1.1", which is any folder with a `.data` file: lists, names, labels by images."""

from __future__ import annotations

from darknet_py.errors import DataError
from darknet_py.interchange.file_tree import FileTree, StoredFile
from darknet_py.interchange.labelled_set import SPLITS, LabelledSet
from darknet_py.interchange.set_builder import SetBuilder
from darknet_py.interchange.yolo_rows import class_names, label_file, rows_of

SUFFIX = ".data"


def sniff(tree: FileTree) -> str | None:
    """Why a tree may be of this layout, None when it is not."""
    files = _data_files(tree)
    return f"it has {files[0].name}" if files else None


def _data_files(tree: FileTree) -> list[StoredFile]:
    files = [StoredFile(tree, name) for name in tree.names if name.endswith(SUFFIX)]
    least = min((file.name.count("/") for file in files), default=0)
    return [file for file in files if file.name.count("/") == least]


def read(builder: SetBuilder) -> LabelledSet:
    """Raises DataError for a .data file without lists or names that are there."""
    data, *others = _data_files(builder.tree)
    if others:
        message = f"has {len(others) + 1} .data files, give one of them: {data.name}"
        raise DataError(f"{builder.tree.label}: {message}")
    options = _options(data)
    names = builder.rules.names or _names(builder, data, options)
    for split in SPLITS:
        lines = _named(builder, data, options[split]).lines() if split in options else ()
        for line in lines:
            if not line.startswith("#"):
                _add(builder, line, split)
    return builder.finish(names)


def _options(data: StoredFile) -> dict[str, str]:
    pairs = (line.partition("=") for line in data.lines() if not line.startswith(("#", ";")))
    options: dict[str, str] = {}
    for key, sign, value in pairs:
        if sign:
            options.setdefault(key.strip(), value.strip())
    if not {*options} & {*SPLITS}:
        raise DataError(f"{data}: has no train=, valid= or test=, the lists of images")
    return options


def _names(builder: SetBuilder, data: StoredFile, options: dict[str, str]) -> list[str]:
    if "names" not in options:
        raise DataError(f"{data}: has no names=; give the class names with --names FILE")
    return class_names(_named(builder, data, options["names"]))


def _named(builder: SetBuilder, data: StoredFile, path: str) -> StoredFile:
    found = builder.texts.find(path)
    if len(found) != 1:
        raise DataError(f"{data}: names {path}, which is not in {builder.tree.label}")
    return found[0]


def _add(builder: SetBuilder, line: str, split: str) -> None:
    image = builder.image(line, split)
    if image is None:
        return
    label = label_file(line, builder.texts)
    if label is None:
        builder.left_out.add("no-labels", str(image))
    builder.add(image, split, rows_of(label, builder) if label else ())
