"""A Darknet data set written in another layout."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from darknet_py.errors import DataError, ImageError
from darknet_py.files import make_folder, new_folder
from darknet_py.images.io import image_size
from darknet_py.interchange.coco_writer import write_coco
from darknet_py.interchange.image_names import ImageNames
from darknet_py.interchange.labelled_set import LabelledImage, LabelledSet
from darknet_py.interchange.left_out import LeftOut
from darknet_py.interchange.sized_image import SizedImage
from darknet_py.interchange.voc_writer import write_voc
from darknet_py.progress import follow

NOWHERE = "none"
"""Of the images: they are not put anywhere."""


@dataclass(frozen=True)
class Writer:
    """write: the annotations. folder: that of the images of a split, below the set's."""

    write: Callable[[LabelledSet, Iterable[SizedImage], Path], None]
    folder: Callable[[str], str]


WRITERS = {
    "coco": Writer(write_coco, lambda split: split),
    "voc": Writer(write_voc, lambda split: "JPEGImages"),
}
"""What `data export --format` takes."""


def export_set(
    found: LabelledSet, folder: Path, form: str, how: str, honour_exif: bool
) -> tuple[str, ...]:
    """Write a set, read from a .data file, into a new folder. form: a key of WRITERS.

    how: of the images, a key of files.PLACE_BY or NOWHERE. honour_exif: sizes are those of images
    turned upright. Returns remarks on what was left out. Raises OutputError, DataError.
    """
    left_out, writer = LeftOut(), WRITERS[form]
    with new_folder(folder) as home:
        images = list(_sized(found, home, writer, how, honour_exif, left_out))
        if not images:
            raise DataError("; ".join(["no image can be read", *left_out.lines()]))
        writer.write(found, images, home)
    return (*found.remarks, *left_out.lines())


def _sized(
    found: LabelledSet,
    home: Path,
    writer: Writer,
    how: str,
    honour_exif: bool,
    left_out: LeftOut,
) -> Iterator[SizedImage]:
    names: dict[str, ImageNames] = {}
    for image in follow(found.images, len(found.images), "exporting"):
        size = _size(image, honour_exif, left_out)
        if size is None:
            continue
        below = writer.folder(image.split)
        name = names.setdefault(below, ImageNames(left_out)).take(image.file)
        if how != NOWHERE:
            make_folder(home / below)
            image.file.place(home / below / name, how)
        yield SizedImage(name, image.split, *size, image.boxes)


def _size(image: LabelledImage, honour_exif: bool, left_out: LeftOut) -> tuple[int, int] | None:
    try:
        return image_size(image.file.name, honour_exif)
    except ImageError as error:
        left_out.add("unreadable-image", error.message)
        return None
