"""Open Images' CSV: a row a box, corners as shares of the image, classes by their MIDs."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator

from darknet_py.errors import DataError
from darknet_py.interchange.file_tree import UNREADABLE, FileTree, StoredFile
from darknet_py.interchange.labelled_set import SPLIT_WORDS, LabelledSet, split_named
from darknet_py.interchange.set_builder import Corners, FoundObject, SetBuilder

COLUMNS = ("ImageID", "LabelName", "XMin", "XMax", "YMin", "YMax")
GROUP = "IsGroupOf"
DESCRIPTIONS = "class-descriptions"


def sniff(tree: FileTree) -> str | None:
    """Why a tree may be of this layout, None when it is not."""
    files = _files(tree)
    return f"{files[0].name} has the columns {', '.join(COLUMNS)}" if files else None


def _files(tree: FileTree) -> list[StoredFile]:
    files = [StoredFile(tree, name) for name in tree.names if name.lower().endswith(".csv")]
    return [file for file in files if {*COLUMNS} <= {*_header(file)}]


def _header(file: StoredFile) -> list[str]:
    line, _, _ = file.head(4096)[0].partition(b"\n")
    return line.decode("utf-8-sig", "replace").strip().split(",")


def read(builder: SetBuilder) -> LabelledSet:
    """Rows of images that are not there are passed over, and counted: few have all nine million.

    Classes are in the order of the file of class descriptions, without it sorted.
    """
    names = _descriptions(builder)
    for file in _files(builder.tree):
        split = _split(file.name)
        _add(builder, _boxes_by_image(builder, file, split, names), split)
    return builder.finish(_used(builder, list(dict.fromkeys(names.values()))))


def _descriptions(builder: SetBuilder) -> dict[str, str]:
    """MID -> name, of a file without a header of its own."""
    found = [
        file
        for file in builder.texts.files
        if DESCRIPTIONS in file.base and file.base.endswith(".csv")
    ]
    rows = (row for file in found[:1] for row in _rows(file))
    return {row[0]: row[1] for row in rows if len(row) == 2}


def _used(builder: SetBuilder, names: list[str]) -> list[str] | None:
    """Of 600 classes those that have boxes; None where the names are not known."""
    met = {*builder.names_met()}
    kept = [name for name in names if name in met]
    return [*kept, *sorted(met - {*kept})] if kept else None


def _split(name: str) -> str:
    *folders, base = name.lower().split("/")
    words = [word for word in base.replace("_", "-").split("-") if word in SPLIT_WORDS]
    return split_named(words or folders)


def _rows(file: StoredFile) -> Iterator[list[str]]:
    """Row by row: the file of the training images has 2 GB. Raises DataError for what is no CSV."""
    try:
        with file.tree.open(file.name) as raw:
            yield from csv.reader(codecs.iterdecode(raw, "utf-8-sig", "replace"))
    except (csv.Error, *UNREADABLE) as failure:
        raise DataError(f"{file}: is no CSV ({failure})") from None


Boxes = dict[StoredFile, list[FoundObject]]


def _boxes_by_image(
    builder: SetBuilder, file: StoredFile, split: str, names: dict[str, str]
) -> Boxes:
    columns = [_header(file).index(name) for name in COLUMNS]
    group = _header(file).index(GROUP) if GROUP in _header(file) else None
    found: dict[str, StoredFile | None] = {}
    boxes: Boxes = {}
    rows = _rows(file)
    next(rows)
    for number, row in enumerate(rows, 2):
        one = _object(row, columns, group, names)
        if one is None:
            builder.left_out.add("bad-row", f"{file}:{number}")
            continue
        key = row[columns[0]]
        if key not in found:
            found[key] = builder.image(key, split, any_suffix=True)
        image = found[key]
        if image is not None:
            boxes.setdefault(image, []).append(one)
    return boxes


def _object(
    row: list[str], columns: list[int], group: int | None, names: dict[str, str]
) -> FoundObject | None:
    try:
        _, label, *sides = (row[column] for column in columns)
        left, right, top, bottom = map(float, sides)
    except (IndexError, ValueError):
        return None
    corners: Corners = left, top, right, bottom
    is_group = group is not None and row[group : group + 1] == ["1"]
    return FoundObject(names.get(label, label), corners, difficult=is_group)


def _add(builder: SetBuilder, boxes: Boxes, split: str) -> None:
    for image, objects in boxes.items():
        builder.add(image, split, objects)
