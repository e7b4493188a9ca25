"""A LabelledSet as VOC's folders: Annotations, JPEGImages, ImageSets/Main."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from pathlib import Path

from darknet_py.files import make_folder, replacing
from darknet_py.interchange.darknet_writer import write_lines
from darknet_py.interchange.image_finder import stem_of
from darknet_py.interchange.labelled_set import LabelledSet
from darknet_py.interchange.sized_image import SizedImage

FOLDER, LISTS = "Annotations", "ImageSets/Main"
LIST_NAMES = {"train": "train", "valid": "val", "test": "test"}
CHANNELS = 3


def write_voc(found: LabelledSet, images: Iterable[SizedImage], home: Path) -> None:
    """A file an image, corners in whole pixels from 1; a list of stems a split."""
    make_folder(home / FOLDER)
    make_folder(home / LISTS)
    stems: dict[str, list[str]] = {split: [] for split in found.splits}
    for image in images:
        stem = stem_of(image.name)
        stems[image.split].append(stem)
        with replacing(home / FOLDER / f"{stem}.xml", durable=False) as file:
            file.write(ElementTree.tostring(_annotation(image, found.names), "utf-8"))
    for split, listed in stems.items():
        write_lines(home / LISTS / f"{LIST_NAMES[split]}.txt", listed)


def _annotation(image: SizedImage, names: tuple[str, ...]) -> ElementTree.Element:
    root = ElementTree.Element("annotation")
    _leaf(root, "filename", image.name)
    size = ElementTree.SubElement(root, "size")
    for tag, value in (("width", image.width), ("height", image.height), ("depth", CHANNELS)):
        _leaf(size, tag, value)
    for class_id, *corners in image.corners():
        one = ElementTree.SubElement(root, "object")
        _leaf(one, "name", names[class_id])
        _leaf(one, "difficult", 0)
        box = ElementTree.SubElement(one, "bndbox")
        for tag, value in _whole_pixels(corners, image):
            _leaf(box, tag, value)
    ElementTree.indent(root)
    return root


def _whole_pixels(corners: list[float], image: SizedImage) -> list[tuple[str, int]]:
    """Counted from 1, as `voc_xml` reads them, and within the image; at least one pixel apart."""
    left, top, right, bottom = corners
    xmin, xmax = _side(left, right, image.width)
    ymin, ymax = _side(top, bottom, image.height)
    return [("xmin", xmin), ("ymin", ymin), ("xmax", xmax), ("ymax", ymax)]


def _side(low: float, high: float, size: int) -> tuple[int, int]:
    first = max(1, min(round(low) + 1, size - 1))
    return first, max(first + 1, min(round(high) + 1, size))


def _leaf(parent: ElementTree.Element, tag: str, value: object) -> None:
    ElementTree.SubElement(parent, tag).text = str(value)
