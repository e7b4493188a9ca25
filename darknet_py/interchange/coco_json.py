"""COCO's JSON: images, annotations, categories; a file a split."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from darknet_py.errors import DataError
from darknet_py.interchange.file_tree import MOST_JSON, FileTree, StoredFile
from darknet_py.interchange.json_text import number, numbers, read_json_file, records, starts_with
from darknet_py.interchange.labelled_set import SPLIT_WORDS, LabelledSet, split_named
from darknet_py.interchange.set_builder import (
    BOX,
    POLYGON,
    Corners,
    FoundObject,
    SetBuilder,
    around,
    corners_in,
)

KEYS = (b'"images"', b'"annotations"', b'"categories"')
WORDS = re.compile(r"[a-z]+")


def sniff(tree: FileTree) -> str | None:
    """Why a tree may be of this layout, None when it is not."""
    files = _files(tree)
    return f"{files[0].name} has images, annotations and categories" if files else None


def _files(tree: FileTree) -> list[StoredFile]:
    files = [StoredFile(tree, name) for name in tree.names if name.lower().endswith(".json")]
    return [file for file in files if tree.size(file.name) <= MOST_JSON and _has_keys(file)]


def _has_keys(file: StoredFile) -> bool:
    if not starts_with(file, b"{"):
        return False
    text = file.read(MOST_JSON)
    return all(key in text for key in KEYS)


def read(builder: SetBuilder) -> LabelledSet:
    """Classes in the order of their ids, which may start anywhere and have gaps.

    Raises DataError for files without images or whose categories differ.
    """
    names: dict[int, str] = {}
    for file in _files(builder.tree):
        values = read_json_file(file)
        known = _categories(values, file)
        if any(names.get(key, name) != name for key, name in known.items()):
            raise DataError(f"{file}: has other categories than the other files; import one")
        names |= known
        _add(builder, values, file, known)
    return builder.finish([names[key] for key in sorted(names)])


def _categories(values: dict[str, Any], file: StoredFile) -> dict[int, str]:
    categories = records(values.get("categories"))
    ids = [one.get("id") for one in categories]
    if not all(type(one) is int for one in ids) or len({*ids}) < len(ids):
        raise DataError(f"{file}: categories: expected an id for each, a number of its own")
    return {one["id"]: str(one.get("name", one["id"])) for one in categories}


def _add(builder: SetBuilder, values: Any, file: StoredFile, names: dict[int, str]) -> None:
    split, folder = _split(file.name), file.name.rpartition("/")[0]
    of_image = _by_image(values, file, builder)
    for record in records(values.get("images")):
        key, path = record.get("id"), record.get("file_name")
        if not isinstance(key, (int, str)) or not isinstance(path, str):
            builder.left_out.add("bad-row", f"{file}: an image without id or file_name")
            continue
        annotations = of_image.pop(key, [])
        image = builder.image(f"{folder}/{path}", split)
        size = _size(record, image, builder) if image else None
        if image and size:
            found = _objects(annotations, size, names, file, builder)
            builder.add(image, split, found)
    for key in of_image:
        builder.left_out.add("no-image", f"{file}: image_id {key}")


def _split(name: str) -> str:
    """Of train/_annotations.coco.json and annotations/instances_val2017.json alike."""
    *folders, base = name.lower().split("/")
    words = [word for word in WORDS.findall(base) if word in SPLIT_WORDS]
    return split_named(words or folders)


def _by_image(
    values: Any, file: StoredFile, builder: SetBuilder
) -> dict[int | str, list[dict[str, Any]]]:
    found: dict[int | str, list[dict[str, Any]]] = {}
    for one in records(values.get("annotations")):
        key = one.get("image_id")
        if isinstance(key, (int, str)):
            found.setdefault(key, []).append(one)
        else:
            builder.left_out.add("bad-row", f"{file}: an annotation without image_id")
    return found


def _size(
    record: dict[str, Any], image: StoredFile, builder: SetBuilder
) -> tuple[float, float] | None:
    width, height = number(record.get("width")), number(record.get("height"))
    return (width, height) if width and height and width > 0 < height else builder.size_of(image)


def _objects(
    annotations: list[dict[str, Any]],
    size: tuple[float, float],
    names: dict[int, str],
    file: StoredFile,
    builder: SetBuilder,
) -> Iterator[FoundObject]:
    for one in annotations:
        corners, shape = _corners(one, size)
        if corners is None:
            builder.left_out.add("bad-row", f"{file}: annotation {one.get('id')} has no bbox")
            continue
        category = one.get("category_id")
        label = names.get(category, str(category)) if type(category) is int else str(category)[:99]
        yield FoundObject(label, corners, shape, difficult=bool(one.get("iscrowd")))


def _corners(one: dict[str, Any], size: tuple[float, float]) -> tuple[Corners | None, str]:
    box = numbers(one.get("bbox"), 4)
    if box is not None:
        left, top, width, height = box
        return corners_in(size, left, top, left + width, top + height), BOX
    return _polygon(one.get("segmentation"), size), POLYGON


def _polygon(parts: Any, size: tuple[float, float]) -> Corners | None:
    """Of the points of all parts of an object."""
    values = [value for part in parts for value in part] if _is_points(parts) else []
    if len(values) < 6 or len(values) % 2:
        return None
    read = numbers(values, len(values))
    if read is None:
        return None
    return corners_in(size, *around(list(zip(read[::2], read[1::2], strict=True))))


def _is_points(parts: Any) -> bool:
    return isinstance(parts, list) and all(isinstance(part, list) for part in parts)
