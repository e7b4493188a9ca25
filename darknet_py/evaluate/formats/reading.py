"""Result files read back: AlexeyAB's JSON of `detect`, COCO's and BDD's of `valid`, `map`'s own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darknet_py.errors import DataError, Location

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
    if isinstance(value, dict) and {"mAP", "classes", "computed_with"} <= set(value):
        return value | {"computed_with": _todays_keys(value["computed_with"])}
    form = next((form for form in FORMS if _fits(value, form.keys)), None)
    if form is None:
        known = "what detect -out, valid (coco, bdd) or map -out write"
        raise DataError(f"is no result file, expected {known}", location)
    try:
        rows = [row for entry in value for row in form.rows(entry)]
        images = tuple(dict.fromkeys(form.image(entry) for entry in value))
        return _table(form.unit, images, rows)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"has an entry of another form ({error!r})", location) from None


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


def _fits(value: Any, keys: set[str]) -> bool:
    """Whether it is a list whose first entry has the keys; an empty list fits."""
    if not isinstance(value, list):
        return False
    return not value or (isinstance(value[0], dict) and keys <= set(value[0]))


def _table(unit: str, images: tuple[str, ...], rows: list[Row]) -> BoxTable:
    boxes = np.array([box for _, _, _, box in rows], np.float64).reshape(-1, 4)
    score = np.array([score for _, _, score, _ in rows], np.float64)
    if not (np.isfinite(boxes).all() and np.isfinite(score).all()):
        raise ValueError("a number that is not finite")
    image, name = tuple(row[0] for row in rows), tuple(row[1] for row in rows)
    return BoxTable(unit, images, image, name, score, boxes)


def _detect_rows(entry: dict[str, Any]) -> Iterator[Row]:
    for detection in entry["objects"]:
        coordinates = detection["relative_coordinates"]
        box = [float(coordinates[side]) for side in ("center_x", "center_y", "width", "height")]
        yield _frame(entry), str(detection["name"]), float(detection["confidence"]), box


def _frame(entry: dict[str, Any]) -> str:
    return str(entry.get("filename", entry["frame_id"]))


def _coco_rows(entry: dict[str, Any]) -> Iterator[Row]:
    left, top, width, height = (float(side) for side in entry["bbox"])
    box = [left + width / 2, top + height / 2, width, height]
    category = str(entry["category_id"])
    yield str(entry["image_id"]), f"category {category}", float(entry["score"]), box


def _bdd_rows(entry: dict[str, Any]) -> Iterator[Row]:
    left, top, right, bottom = (float(side) for side in entry["bbox"])
    box = [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top]
    yield str(entry["name"]), str(entry["category"]), float(entry["score"]), box


@dataclass(frozen=True)
class Form:
    """A kind of result file: keys of its entries, its rows, its images, its unit."""

    keys: set[str]
    rows: Any
    image: Any
    unit: str


FORMS = (
    Form({"frame_id", "objects"}, _detect_rows, _frame, "shares of the image"),
    Form({"image_id", "bbox"}, _coco_rows, lambda entry: str(entry["image_id"]), "pixels"),
    Form({"name", "bbox"}, _bdd_rows, lambda entry: str(entry["name"]), "pixels"),
)
