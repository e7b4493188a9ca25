"""A LabelledSet as COCO's folders: SPLIT/image and annotations/instances_SPLIT.json."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from darknet_py.files import make_folder, replacing
from darknet_py.interchange.labelled_set import LabelledSet
from darknet_py.interchange.sized_image import SizedImage

FOLDER = "annotations"
DIGITS = 3
"""Of a pixel's coordinate: Darknet's labels hold no more."""


def write_coco(found: LabelledSet, images: Iterable[SizedImage], home: Path) -> None:
    """One file a split. Ids count from 1, categories in the order of the classes."""
    make_folder(home / FOLDER)
    of_split: dict[str, list[SizedImage]] = {split: [] for split in found.splits}
    for image in images:
        of_split[image.split].append(image)
    for split, listed in of_split.items():
        with replacing(home / FOLDER / f"instances_{split}.json") as file:
            file.write(json.dumps(_values(found, listed), ensure_ascii=True).encode())


def _values(found: LabelledSet, images: list[SizedImage]) -> dict[str, Any]:
    annotations = [row for number, image in enumerate(images, 1) for row in _rows(image, number)]
    return {
        "images": [
            {"id": number, "file_name": image.name, "width": image.width, "height": image.height}
            for number, image in enumerate(images, 1)
        ],
        "annotations": [{"id": number} | row for number, row in enumerate(annotations, 1)],
        "categories": [
            {"id": number, "name": name, "supercategory": "none"}
            for number, name in enumerate(found.names, 1)
        ],
    }


def _rows(image: SizedImage, number: int) -> list[dict[str, Any]]:
    rows = []
    for class_id, left, top, right, bottom in image.corners():
        box = [round(value, DIGITS) for value in (left, top, right - left, bottom - top)]
        row = {"image_id": number, "category_id": class_id + 1, "bbox": box}
        rows.append(row | {"area": round(box[2] * box[3], DIGITS), "iscrowd": 0})
    return rows
