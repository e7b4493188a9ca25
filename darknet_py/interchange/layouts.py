"""The table of layouts: how each is told from the others, and who reads it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from darknet_py.errors import DataError
from darknet_py.interchange import (
    coco_json,
    cvat_yolo,
    label_studio_json,
    label_studio_yolo,
    open_images_csv,
    roboflow_darknet,
    ultralytics_yaml,
    voc_xml,
)
from darknet_py.interchange.file_tree import FileTree
from darknet_py.interchange.labelled_set import LabelledSet
from darknet_py.interchange.left_out import LeftOut
from darknet_py.interchange.open_tree import open_tree
from darknet_py.interchange.set_builder import ImportRules, SetBuilder

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DataLayout:
    """name: of the program and its format. sniff: gives why a tree may be of this layout, None when
    it is not. read: gives the set in it."""

    name: str
    sniff: Callable[[FileTree], str | None]
    read: Callable[[SetBuilder], LabelledSet]


LAYOUTS = {
    "cvat": DataLayout(
        "CVAT YOLO 1.1 or another folder with a .data file", cvat_yolo.sniff, cvat_yolo.read
    ),
    "roboflow": DataLayout("Roboflow Darknet", roboflow_darknet.sniff, roboflow_darknet.read),
    "ultralytics": DataLayout(
        "ultralytics data.yaml", ultralytics_yaml.sniff, ultralytics_yaml.read
    ),
    "label-studio": DataLayout(
        "Label Studio YOLO", label_studio_yolo.sniff, label_studio_yolo.read
    ),
    "label-studio-json": DataLayout(
        "Label Studio JSON", label_studio_json.sniff, label_studio_json.read
    ),
    "coco": DataLayout("COCO JSON", coco_json.sniff, coco_json.read),
    "voc": DataLayout("Pascal VOC XML", voc_xml.sniff, voc_xml.read),
    "open-images": DataLayout("Open Images CSV", open_images_csv.sniff, open_images_csv.read),
}
"""What --layout takes. Of several that may be meant the first is taken, which is said."""


def read_labelled_set(
    path: str, rules: ImportRules, layout: str | None = None, images: str | None = None
) -> LabelledSet:
    """The data set in a folder, a zip or around a file, and which layout it has, on the log.

    layout: a key of LAYOUTS, None for what the files look like. images: a folder or zip with the
    images, where they are not in `path`.

    Raises DataError when it has no known layout, or none of its images is there.
    """
    left_out = LeftOut()
    tree = open_tree(path, left_out)
    more = [] if images is None else [open_tree(images, left_out)]
    chosen = layout or _sniffed(path, tree)
    if layout and LAYOUTS[layout].sniff(tree) is None:
        raise DataError(f"{path}: has no files of {LAYOUTS[chosen].name}; leave --layout out")
    return LAYOUTS[chosen].read(SetBuilder(tree, rules, *more, left_out=left_out))


def _sniffed(path: str, tree: FileTree) -> str:
    reasons = {name: layout.sniff(tree) for name, layout in LAYOUTS.items()}
    known = {name: reason for name, reason in reasons.items() if reason}
    if not known:
        names = ", ".join(layout.name for layout in LAYOUTS.values())
        raise DataError(f"{path}: is a data set of no known layout, which are {names}")
    (name, reason), *others = known.items()
    logger.info("%s: %s, as %s", path, LAYOUTS[name].name, reason)
    for other, why in others:
        logger.warning(
            "%s: may also be %s (--layout %s), as %s", path, LAYOUTS[other].name, other, why
        )
    return name
