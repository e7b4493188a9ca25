"""Pascal VOC's XML: a file an image, whose pixels are counted from 1.

Boxes become labels as Darknet's own script makes them: 1 less on all four sides.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import cos, sin
from xml.etree.ElementTree import Element

from darknet_py.errors import DataError
from darknet_py.interchange.file_tree import FileTree, StoredFile
from darknet_py.interchange.image_finder import stem_of
from darknet_py.interchange.labelled_set import LabelledSet, split_named
from darknet_py.interchange.plain_xml import read_xml
from darknet_py.interchange.set_builder import (
    BOX,
    POLYGON,
    ROTATED,
    FoundObject,
    SetBuilder,
    around,
    corners_in,
)

START = b"<annotation"
LISTS = (("ImageSets/Main/train.txt", "train"), ("ImageSets/Main/val.txt", "valid")) + (
    ("ImageSets/Main/test.txt", "test"),
    ("ImageSets/Main/trainval.txt", "train"),
)
"""Which images are of which split, the first list that names one; others are told by folders."""
SIDES = ("xmin", "ymin", "xmax", "ymax")
ROTATION = ("cx", "cy", "w", "h", "angle")


def sniff(tree: FileTree) -> str | None:
    """Why a tree may be of this layout, None when it is not."""
    first = next((file for file in _files(tree) if START in file.head(4096)[0]), None)
    return f"{first.name} is an <annotation>" if first else None


def _files(tree: FileTree) -> Iterator[StoredFile]:
    return (StoredFile(tree, name) for name in tree.names if name.lower().endswith(".xml"))


def read(builder: SetBuilder) -> LabelledSet:
    """Classes are sorted by name unless the user gives them: nothing in the files has an order.

    A file that is no annotation is counted.
    """
    splits = _listed_splits(builder)
    for file in _files(builder.tree):
        try:
            root = read_xml(file)
        except DataError as error:
            builder.left_out.add("bad-row", error.message)
            continue
        if root.tag == "annotation":
            _add(builder, file, root, splits)
    return builder.finish()


def _listed_splits(builder: SetBuilder) -> dict[str, str]:
    splits: dict[str, str] = {}
    for path, split in LISTS:
        file = builder.texts.find_whole(path)
        for line in file.lines() if file else ():
            splits.setdefault(line.split()[0], split)
    return splits


def _add(builder: SetBuilder, file: StoredFile, root: Element, splits: dict[str, str]) -> None:
    """The image is that of the file's own name, as in VOC, else the one that <filename> says."""
    folder, stem = file.name.rpartition("/")[0], stem_of(file.name)
    split = splits.get(stem, split_named(folder.split("/")))
    found = builder.images.find_stem(f"{folder}/{stem}.jpg")
    path = f"{folder}/{_text(root, 'filename') or stem}"
    image = found[0] if len(found) == 1 else builder.image(path, split, any_suffix=True)
    size = _size(root, image, builder) if image else None
    if image and size:
        builder.add(image, split, _objects(root, size, file, builder))


def _size(root: Element, image: StoredFile, builder: SetBuilder) -> tuple[float, float] | None:
    sides = _numbers(root.find("size"), ("width", "height"))
    return (sides[0], sides[1]) if sides and min(sides) > 0 else builder.size_of(image)


def _objects(
    root: Element, size: tuple[float, float], file: StoredFile, builder: SetBuilder
) -> Iterator[FoundObject]:
    for one in root.iter("object"):
        found = _object(one, size)
        if found is None:
            builder.left_out.add("bad-row", f"{file}: <object> {_text(one, 'name')}")
        else:
            yield found


def _object(one: Element, size: tuple[float, float]) -> FoundObject | None:
    name, difficult = _text(one, "name"), _text(one, "difficult") not in ("", "0")
    for tag, corners_of, shape in SHAPES:
        values = one.find(tag)
        corners = None if values is None else corners_of(values)
        if name and corners:
            return FoundObject(name, corners_in(size, *corners), shape, difficult)
    return None


def _box(values: Element) -> tuple[float, float, float, float] | None:
    sides = _numbers(values, SIDES)
    return (sides[0] - 1, sides[1] - 1, sides[2] - 1, sides[3] - 1) if sides else None


def _rotated(values: Element) -> tuple[float, float, float, float] | None:
    """The box around one whose angle is in radians, as roLabelImg writes it."""
    read = _numbers(values, ROTATION)
    if read is None:
        return None
    x, y, width, height, angle = read
    if not -1e6 < angle < 1e6:
        return None
    wide = abs(width * cos(angle)) + abs(height * sin(angle))
    high = abs(width * sin(angle)) + abs(height * cos(angle))
    return x - wide / 2, y - high / 2, x + wide / 2, y + high / 2


def _polygon(values: Element) -> tuple[float, float, float, float] | None:
    points = []
    for number in range(1, len(values) // 2 + 1):
        point = _numbers(values, (f"x{number}", f"y{number}"))
        if point is None:
            return None
        points.append((point[0], point[1]))
    return around(points) if len(points) > 2 else None


SHAPES = (("bndbox", _box, BOX), ("robndbox", _rotated, ROTATED), ("polygon", _polygon, POLYGON))
"""Tag -> its corners in pixels from 0; the first that an object has counts."""


def _text(element: Element, tag: str) -> str:
    return (element.findtext(tag) or "").strip()


def _numbers(element: Element | None, tags: tuple[str, ...]) -> list[float] | None:
    if element is None:
        return None
    try:
        return [float(_text(element, tag)) for tag in tags]
    except ValueError:
        return None
