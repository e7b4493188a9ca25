"""Label files of YOLO's layouts: boxes, and the polygons and rotated boxes some of them hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from darknet_py.errors import DataError
from darknet_py.interchange.file_tree import StoredFile
from darknet_py.interchange.image_finder import FileFinder, stem_of
from darknet_py.interchange.labelled_set import IMAGE_FOLDERS, split_named
from darknet_py.interchange.set_builder import (
    POLYGON,
    ROTATED,
    FoundObject,
    SetBuilder,
    around,
)

BOX_VALUES, FOUR_CORNERS = 4, 8
LABELS = "labels"


def rows_of(file: StoredFile, builder: SetBuilder) -> Iterator[FoundObject]:
    """The objects of a label file: `class x y w h`, or `class` and the points of a polygon.

    Of four points it is a rotated box (as ultralytics writes it, `obb`), of three or of more a
    polygon. Other lines are counted.
    """
    for number, line in enumerate(file.lines(), 1):
        found = _object(line)
        if found is None:
            builder.left_out.add("bad-row", f"{file}:{number}")
        else:
            yield found


def _object(line: str) -> FoundObject | None:
    label, *words = line.split()
    try:
        # Some programs write classes as 3.0.
        class_id, values = float(label), [float(word) for word in words]
    except ValueError:
        return None
    if class_id != class_id or not (-1e9 < class_id < 1e9) or class_id % 1:
        return None
    if len(values) == BOX_VALUES:
        x, y, w, h = values
        return FoundObject(int(class_id), (x - w / 2, y - h / 2, x + w / 2, y + h / 2))
    if len(values) < 6 or len(values) % 2:
        return None
    points = list(zip(values[::2], values[1::2], strict=True))
    shape = ROTATED if len(values) == FOUR_CORNERS else POLYGON
    return FoundObject(int(class_id), around(points), shape)


def class_names(file: StoredFile) -> list[str]:
    """A name a line; an empty one counts unless nothing follows it. Raises DataError for none."""
    names = [line.strip() for line in file.text().replace("\r\n", "\n").split("\n")]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise DataError(f"{file}: has no names, expected one class name a line")
    return names


def label_file(path: str, texts: FileFinder) -> StoredFile | None:
    """The label file of an image by its path: in the folder labels instead of images, or beside it.

    None where there is none.
    """
    folder, _, _ = path.replace("\\", "/").rpartition("/")
    name = f"{stem_of(path)}.txt"
    for place in (_labels_folder(folder), folder):
        found = texts.find_whole(f"{place}/{name}")
        if found is not None:
            return found
    return None


def _labels_folder(folder: str) -> str:
    parts = folder.split("/")
    for number in reversed(range(len(parts))):
        if parts[number] in IMAGE_FOLDERS:
            return "/".join((*parts[:number], LABELS, *parts[number + 1 :]))
    return folder


def add_images(builder: SetBuilder, images: Iterable[StoredFile], split: str | None) -> None:
    """Images with what their label files hold. split: None for what the names of folders say."""
    for image in images:
        label = label_file(image.name, builder.texts)
        if label is None:
            builder.left_out.add("no-labels", str(image))
        objects = rows_of(label, builder) if label else ()
        folders = image.name.split("/")[:-1]
        builder.add(image, split or split_named(folders), objects)
