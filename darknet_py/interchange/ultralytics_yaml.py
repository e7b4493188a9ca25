"""Ultralytics' data.yaml: where images lie, labels beside them or in folders of that name."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from darknet_py.errors import DataError
from darknet_py.interchange.file_tree import FileTree, FolderTree, StoredFile
from darknet_py.interchange.image_finder import is_image, parts_of
from darknet_py.interchange.labelled_set import SPLIT_WORDS, LabelledSet
from darknet_py.interchange.open_tree import folder_tree
from darknet_py.interchange.set_builder import MOST_NAMES, SetBuilder
from darknet_py.interchange.yaml_text import read_yaml
from darknet_py.interchange.yolo_rows import add_images

logger = logging.getLogger(__name__)

SUFFIXES = (".yaml", ".yml")
KEYS = ("train", "val", "valid", "test")
NAMES_LINE = b"names"


def sniff(tree: FileTree) -> str | None:
    """Why a tree may be of this layout, None when it is not."""
    files = _yaml_files(tree)
    return f"it has {files[0].name} with names and images" if files else None


def _yaml_files(tree: FileTree) -> list[StoredFile]:
    """Those at the top that have the keys; nothing is parsed for it."""
    files = [StoredFile(tree, name) for name in tree.names if name.lower().endswith(SUFFIXES)]
    return [file for file in files if "/" not in file.name and _has_keys(file.head(1 << 20)[0])]


def _has_keys(text: bytes) -> bool:
    keys = {line.partition(b":")[0].strip() for line in text.splitlines()}
    return NAMES_LINE in keys and bool(keys & {key.encode() for key in KEYS})


def read(builder: SetBuilder) -> LabelledSet:
    """Raises DataError for values of another kind, and for folders that are nowhere."""
    file, *others = _yaml_files(builder.tree)
    if others:
        raise DataError(f"{file}: is one of {len(others) + 1} such files; give the one that counts")
    values = read_yaml(file)
    if not isinstance(values, dict):
        raise DataError(f"{file}: expected keys such as train, val and names")
    names = builder.rules.names or _names(values.get("names"), file)
    builder = _rooted(builder, values.get("path"), file)
    for key in KEYS:
        for place in _places(values.get(key), file, key):
            images = list(_images(builder, place, file))
            add_images(builder, images, SPLIT_WORDS[key])
    return builder.finish(names)


def _names(value: Any, file: StoredFile) -> list[str]:
    """By class: a list, or a number for each; numbers without a name are their own."""
    if isinstance(value, list) and all(isinstance(name, (str, int, float)) for name in value):
        return [str(name) for name in value]
    if isinstance(value, dict) and value and all(isinstance(key, int) for key in value):
        if min(value) < 0 or max(value) >= MOST_NAMES:
            raise DataError(f"{file}: names: classes are numbered 0 to {MOST_NAMES - 1}")
        return [str(value.get(number, number)) for number in range(max(value) + 1)]
    raise DataError(f"{file}: names: expected a list, or a name for each number from 0")


def _places(value: Any, file: StoredFile, key: str) -> list[str]:
    """Folders, lists or images; a key may be empty."""
    if value is None:
        return []
    places = value if isinstance(value, list) else [value]
    if not all(isinstance(place, str) for place in places):
        raise DataError(f"{file}: {key}: expected a folder, a list of images, or several of them")
    return places


def _rooted(builder: SetBuilder, path: Any, file: StoredFile) -> SetBuilder:
    """With the tree that path: leads to, where it is another; not for archives."""
    if not isinstance(path, str) or not isinstance(builder.tree, FolderTree):
        return builder
    folder = builder.tree.root / os.path.expanduser(path)
    if not folder.is_dir() or folder.resolve() == builder.tree.root.resolve():
        return builder
    logger.info("%s: path: leads to %s", file, folder)
    return builder.on(folder_tree(Path(folder)))


def _images(builder: SetBuilder, place: str, file: StoredFile) -> Iterator[StoredFile]:
    if is_image(place) or place.lower().endswith(".txt"):
        yield from _listed(builder, place, file)
        return
    parts = _folder_of(builder.images.files, parts_of(place))
    if parts is None:
        message = f"names the folder {place}, which has no images in {builder.tree.label}"
        raise DataError(f"{file}: {message}; give the folder that holds both")
    for image in builder.images.files:
        if parts_of(image.name)[: len(parts)] == parts:
            yield image


def _folder_of(images: list[StoredFile], place: tuple[str, ...]) -> tuple[str, ...] | None:
    """The folder that the path ends with: what stands before it may be of another machine."""
    folders = {parts_of(image.name)[:-1] for image in images}
    above = {folder[:count] for folder in folders for count in range(len(folder) + 1)}
    ends = (place[start:] for start in range(len(place)))
    found = next((end for end in ends if end in above), None)
    return () if found is None and not place else found


def _listed(builder: SetBuilder, place: str, file: StoredFile) -> Iterator[StoredFile]:
    lines = [place]
    if not is_image(place):
        found = builder.texts.find(place)
        if len(found) != 1:
            raise DataError(f"{file}: names {place}, which is not in {builder.tree.label}")
        lines = found[0].lines()
    for line in lines:
        image = builder.image(line)
        if image is not None:
            yield image
