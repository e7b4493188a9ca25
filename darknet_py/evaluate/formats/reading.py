"""Result files read back: AlexeyAB's JSON of `detect`, COCO's and BDD's of `valid`, `map`'s own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darknet_py.errors import DataError, Location
from darknet_py.evaluate.formats.schema import (
    ID,
    NUMBER,
    TEXT,
    Box,
    ListOf,
    Record,
    require,
)

Row = tuple[str, str, float, Sequence[float]]
"""Image, class, score, and the box by its centre."""


RENAMED_KEYS = {"pictures": "images"}
"""Keys of `computed_with` in the files of earlier versions."""


@dataclass(frozen=True, eq=False)
class BoxTable:
    """K boxes as a file has them. unit: what its coordinates are in. images: all it names.

    boxes: (K, 4) centre x, y, width, height.
    """

    unit: str
    images: tuple[str, ...]
    image: tuple[str, ...]
    name: tuple[str, ...]
    score: NDArray[np.float64]
    boxes: NDArray[np.float64]


def read_results(path: str | os.PathLike[str]) -> BoxTable | dict[str, Any]:
    """The boxes of a result file, or the metrics of `map`; raises DataError for anything else."""
    value, location = read_json(path), Location(os.fspath(path))
    if isinstance(value, dict) and METRICS.keys.keys() <= value.keys():
        require(value, METRICS, location)
        return value | {"computed_with": _todays_keys(value["computed_with"])}
    form = next((form for form in FORMS if form.fits(value)), None)
    if form is None:
        known = "what detect -out, valid (coco, bdd) or map -out write"
        raise DataError(f"is no result file, expected {known}", location)
    require(value, ListOf(form.entry), location)
    rows = [row for entry in value for row in form.rows(entry)]
    return _table(form.unit, tuple(dict.fromkeys(map(form.image, value))), rows)


def read_json(path: str | os.PathLike[str], expected: str = "") -> Any:
    """The value in a JSON file; expected: what it should hold, for the DataError it raises."""
    location = Location(os.fspath(path))
    try:
        with open(path, encoding="utf-8-sig") as file:
            return json.load(file)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", location) from None
    except (ValueError, RecursionError) as error:
        cure = f", expected {expected}" if expected else ""
        raise DataError(f"is no JSON ({error}){cure}", location) from None


def _todays_keys(computed_with: dict[str, Any]) -> dict[str, Any]:
    """What metrics were computed with, as earlier versions wrote it, by the keys of today."""
    return {RENAMED_KEYS.get(key, key): value for key, value in computed_with.items()}


def _table(unit: str, images: tuple[str, ...], rows: list[Row]) -> BoxTable:
    boxes = np.array([box for _, _, _, box in rows], np.float64).reshape(-1, 4)
    score = np.array([score for _, _, score, _ in rows], np.float64)
    image, name = tuple(row[0] for row in rows), tuple(row[1] for row in rows)
    return BoxTable(unit, images, image, name, score, boxes)


def _detect_rows(entry: dict[str, Any]) -> Iterator[Row]:
    for detection in entry["objects"]:
        box = [detection["relative_coordinates"][side] for side in SIDES]
        yield _frame(entry), detection["name"], detection["confidence"], box


def _frame(entry: dict[str, Any]) -> str:
    return str(entry.get("filename", entry["frame_id"]))


def _coco_rows(entry: dict[str, Any]) -> Iterator[Row]:
    left, top, width, height = entry["bbox"]
    box = [left + width / 2, top + height / 2, width, height]
    yield str(entry["image_id"]), f"category {entry['category_id']}", entry["score"], box


def _bdd_rows(entry: dict[str, Any]) -> Iterator[Row]:
    left, top, right, bottom = entry["bbox"]
    box = [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top]
    yield str(entry["name"]), str(entry["category"]), entry["score"], box


@dataclass(frozen=True)
class Form:
    """A kind of result file: an entry, the keys that tell it, its rows, its images, its unit."""

    told_by: frozenset[str]
    entry: Record
    rows: Callable[[dict[str, Any]], Iterator[Row]]
    image: Callable[[dict[str, Any]], str]
    unit: str

    def fits(self, value: Any) -> bool:
        """Whether it is a list whose first entry has the keys; an empty list fits."""
        if not isinstance(value, list):
            return False
        return not value or (isinstance(value[0], dict) and self.told_by <= value[0].keys())


SIDES = ("center_x", "center_y", "width", "height")
OBJECT = Record(
    {
        "name": TEXT,
        "confidence": NUMBER,
        "relative_coordinates": Record(dict.fromkeys(SIDES, NUMBER)),
    }
)
DETECT_ENTRY = Record(
    {"frame_id": ID, "objects": ListOf(OBJECT, "object")}, optional={"filename": TEXT}
)
LEFT_TOP_SIZE = Box("left, top, width and height")
COCO_ENTRY = Record({"image_id": ID, "category_id": ID, "bbox": LEFT_TOP_SIZE, "score": NUMBER})
BDD_ENTRY = Record(
    {"name": ID, "category": ID, "bbox": Box("left, top, right and bottom"), "score": NUMBER}
)
METRICS = Record(
    {
        "mAP": NUMBER,
        "classes": ListOf(Record({"name": TEXT, "ap": NUMBER}), "class"),
        "computed_with": Record({}),
    },
    optional=dict.fromkeys(("image_set", "cfg", "weights"), TEXT)
    | dict.fromkeys(("thresh", "precision", "recall", "f1", "average_iou"), NUMBER)
    | dict.fromkeys(("TP", "FP", "FN", "detections_count"), NUMBER),
)

FORMS = (
    Form(
        frozenset({"frame_id", "objects"}),
        DETECT_ENTRY,
        _detect_rows,
        _frame,
        "shares of the image",
    ),
    Form(
        frozenset({"image_id", "bbox"}),
        COCO_ENTRY,
        _coco_rows,
        lambda entry: str(entry["image_id"]),
        "pixels",
    ),
    Form(
        frozenset({"name", "bbox"}),
        BDD_ENTRY,
        _bdd_rows,
        lambda entry: str(entry["name"]),
        "pixels",
    ),
)
