"""pycocotools' twelve metrics: of an evaluation's own detections, or of files in COCO's form."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from darknet_py.errors import DataError, Location
from darknet_py.evaluate.accumulator import MatchedDetections
from darknet_py.evaluate.formats.reading import COCO_ENTRY, LEFT_TOP_SIZE, read_json
from darknet_py.evaluate.formats.schema import (
    FLAG,
    ID,
    NUMBER,
    Kind,
    ListOf,
    Record,
    require,
    shown,
)

NAMES = (
    *("AP", "AP50", "AP75", "APs", "APm", "APl"),
    *("AR1", "AR10", "AR100", "ARs", "ARm", "ARl"),
)
"""The metrics in the order pycocotools gives them; s, m, l: small, medium, large boxes."""

NAMED = Record({"id": ID})
LABEL = Record(
    {"image_id": ID, "category_id": ID, "bbox": LEFT_TOP_SIZE},
    optional={"area": NUMBER, "iscrowd": FLAG},
)
ANNOTATIONS = Record(
    {
        "images": ListOf(NAMED, "image"),
        "categories": ListOf(NAMED, "category"),
        "annotations": ListOf(LABEL, "annotation"),
    }
)
RESULTS = ListOf(COCO_ENTRY, "result")
REFERENCES = (
    ("image_id", "images", "are the results of this image set?"),
    ("category_id", "categories", "class numbers of 80 classes are not COCO's 1 to 90"),
)
"""Keys of labels and results, where what they name is listed, what to look at if it is not."""


@dataclass(frozen=True)
class CocoMetrics:
    """values: by NAMES, in 0..1, None where no label is of that size. text: pycocotools' lines.

    named: images with results; images: all there are.
    """

    values: dict[str, float | None]
    text: str
    named: int
    images: int


def coco_metrics(matched: MatchedDetections, names: Sequence[str]) -> CocoMetrics:
    """The metrics of an evaluation's boxes against its labels.

    Areas are those of the boxes and no label is a crowd, as YOLO labels hold neither outlines nor
    crowds: with COCO's own annotations the metrics come out a little different.
    """
    ground_truth, detections = _table(matched, names), _table(matched, names)
    objects = matched.ground_truth.objects
    boxes = _pixels(objects.boxes, matched.sizes[objects.image])
    ground_truth["annotations"] = list(_annotations(objects.image, objects.class_id, boxes))
    entries = matched.entries
    boxes = _pixels(entries.boxes, matched.sizes[entries.image])
    annotations = _annotations(entries.image, entries.class_id, boxes)
    scores = entries.score.tolist()
    detections["annotations"] = [
        annotation | {"score": score} for annotation, score in zip(annotations, scores, strict=True)
    ]
    return _evaluated(ground_truth, detections)


def coco_metrics_of_files(
    annotations: str | os.PathLike[str], results: str | os.PathLike[str], named_only: bool = False
) -> CocoMetrics:
    """The metrics of a result file: a list of image_id, category_id, bbox and score.

    named_only: leave out the images the result file does not name; otherwise it has no
    boxes in them. Raises DataError for a file that is not what it should be.
    """
    ground_truth, detections = _read(annotations, ANNOTATIONS), _read(results, RESULTS)
    location = Location(os.fspath(results))
    _require_known(detections, ground_truth, location)
    numbers = {key: _numbers(ground_truth[table]) for key, table, _ in REFERENCES}
    found = list(_numbered(detections, numbers, ("bbox", "score")))
    labels = list(_numbered(ground_truth["annotations"], numbers, ("bbox", "area")))
    images = sorted({entry["image_id"] for entry in found}) if named_only else None
    shared = {
        table: [{"id": number} for number in numbers[key].values()] for key, table, _ in REFERENCES
    }
    return _evaluated(shared | {"annotations": labels}, shared | {"annotations": found}, images)


def _table(matched: MatchedDetections, names: Sequence[str]) -> dict[str, Any]:
    return {
        "images": [{"id": number} for number in range(1, len(matched.images) + 1)],
        "categories": [{"id": number, "name": name} for number, name in enumerate(names, 1)],
    }


def _pixels(boxes: NDArray[np.floating[Any]], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Left, top, width, height in pixels of relative centre-form boxes."""
    corners = np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, 2:]], axis=1)
    return corners.astype(np.float64) * np.tile(sizes, 2)


def _annotations(
    image: NDArray[np.int64], class_id: NDArray[np.int64], boxes: NDArray[np.float64]
) -> Iterator[dict[str, Any]]:
    rows = zip(image.tolist(), class_id.tolist(), boxes.tolist(), strict=True)
    for number, (number_of, category, box) in enumerate(rows, 1):
        yield {
            "id": number,
            "image_id": number_of + 1,
            "category_id": category + 1,
            "bbox": box,
            "area": box[2] * box[3],
            "iscrowd": 0,
        }


def _evaluated(
    ground_truth: dict[str, Any], detections: dict[str, Any], images: list[int] | None = None
) -> CocoMetrics:
    """What pycocotools makes of both; it prints as it goes, of which the summary is kept."""
    summary = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(_indexed(ground_truth), _indexed(detections), "bbox")
        if images is not None:
            evaluation.params.imgIds = images
        evaluation.evaluate()
        evaluation.accumulate()
        with contextlib.redirect_stdout(summary):
            evaluation.summarize()
    # pycocotools writes -1 where no label is of that size.
    values = [None if value < 0 else float(value) for value in evaluation.stats]
    named = len({entry["image_id"] for entry in detections["annotations"]})
    metrics = dict(zip(NAMES, values, strict=True))
    return CocoMetrics(metrics, summary.getvalue(), named, len(ground_truth["images"]))


def _indexed(table: dict[str, Any]) -> Any:
    index = COCO()
    index.dataset = table
    index.createIndex()
    return index


def _read(path: str | os.PathLike[str], kind: Kind) -> Any:
    value = read_json(path, kind.words)
    require(value, kind, Location(os.fspath(path)))
    return value


def _numbers(table: list[dict[str, Any]]) -> dict[Any, int]:
    """The ids of images or categories in their order, numbered from 1: the file's own may be of
    several kinds, which pycocotools would mix up."""
    ids = sorted({entry["id"] for entry in table}, key=lambda id: (isinstance(id, str), id))
    return {id: number for number, id in enumerate(ids, 1)}


def _numbered(
    entries: list[dict[str, Any]], numbers: dict[str, dict[Any, int]], taken: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Labels or results with what pycocotools needs and files leave out, ids by `_numbers`.

    taken: their other keys. An id of their own is none: two of one number would be one, and that
    of 0 is never found. Labels of images and categories that the file has not do not count.
    """
    for number, entry in enumerate(entries, 1):
        width, height = entry["bbox"][2:]
        ids = {key: known.get(entry[key]) for key, known in numbers.items()}
        given = {key: entry[key] for key in taken if key in entry}
        if None not in ids.values():
            crowd = int(bool(entry.get("iscrowd")))
            yield {"area": width * height} | given | ids | {"id": number, "iscrowd": crowd}


def _require_known(
    detections: list[dict[str, Any]], ground_truth: dict[str, Any], location: Location
) -> None:
    """pycocotools would leave out unknown categories without a word."""
    for key, table, cure in REFERENCES:
        known = {entry["id"] for entry in ground_truth[table]}
        rows = enumerate(detections, 1)
        strange = next(((number, each) for number, each in rows if each[key] not in known), None)
        if strange:
            message = f"result {strange[0]}, {key}: read {shown(strange[1][key])}"
            raise DataError(f"{message}, which the annotations do not have; {cure}", location)
