"""PASCAL VOC's mean AP of comp4 files, against VOC's annotations or YOLO labels."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from darknet_py.data.label_paths import label_path
from darknet_py.data.labels import read_labels
from darknet_py.errors import DataError, Location
from darknet_py.evaluate.average_precision import average_precisions, check_numbers, rank
from darknet_py.evaluate.formats.writing import stem
from darknet_py.evaluate.matching import Objects, match
from darknet_py.images.io import image_size

WORDS = 6
"""Of a line in a comp4 file: image, score, left, top, right, bottom."""
PREFIX = "comp4_det_test_"


@dataclass(frozen=True, eq=False)
class Annotation:
    """The objects of one image; corners: (K, 4) left, top, right, bottom, pixels from 1."""

    class_id: NDArray[np.int64]
    corners: NDArray[np.float64]
    difficult: NDArray[np.bool_]


@dataclass(frozen=True)
class VocResult:
    """aps: (class name, AP in 0..1, labels that are not difficult) of each class."""

    aps: tuple[tuple[str, float, int], ...]

    @property
    def mean(self) -> float:
        return sum(ap for _, ap, _ in self.aps) / len(self.aps)

    def text(self) -> str:
        rows = [f"AP for {name} = {ap:.4f}" for name, ap, _ in self.aps]
        return "\n".join([*rows, f"Mean AP = {self.mean:.4f}"])


def score_files(
    folder: Path,
    names: Sequence[str],
    images: Sequence[str],
    annotation: Callable[[str], Annotation],
    *,
    prefix: str = PREFIX,
    iou_thresh: float = 0.5,
    points: int = 0,
) -> VocResult:
    """The AP of each class from the file PREFIXname.txt in the folder.

    annotation: gives the objects of an image. points: 0 for the area under the curve (VOC 2010 and
    later), 11 for VOC 2007. Boxes are matched as in VOC's own script: with the object of the class
    that they overlap most; a box on a difficult object counts neither way.

    Raises DataError for a file that is missing or of another form.
    """
    check_numbers(points, iou_thresh=iou_thresh)
    known = {stem(image): number for number, image in enumerate(images)}
    annotations = [annotation(image) for image in images]
    objects = _objects(
        np.repeat(np.arange(len(images)), [len(a.class_id) for a in annotations]),
        np.concatenate([a.class_id for a in annotations]),
        np.concatenate([a.corners for a in annotations]),
    )
    difficult = np.concatenate([a.difficult for a in annotations])
    if difficult.all():
        raise DataError(f"no objects in any of the {len(images)} images: nothing to measure")
    entries, score = _entries([folder / f"{prefix}{name}.txt" for name in names], known)
    label = match(entries, objects, iou_thresh).label
    counted = ~np.append(difficult, False)[label]
    labels = np.bincount(objects.class_id[~difficult], minlength=len(names))
    ranking = rank(score[counted], entries.class_id[counted], label[counted], labels)
    aps = average_precisions(ranking, points).tolist()
    return VocResult(tuple(zip(names, aps, labels.tolist(), strict=True)))


def _objects(
    image: NDArray[np.int64], class_id: NDArray[np.int64], corners: NDArray[np.float64]
) -> Objects:
    """Corners that include their last pixel as boxes by their centre."""
    size = corners[:, 2:] - corners[:, :2] + 1
    return Objects(image, class_id, np.concatenate([corners[:, :2] + size / 2, size], axis=1))


def _entries(paths: Sequence[Path], known: dict[str, int]) -> tuple[Objects, NDArray[np.float64]]:
    tables = [_read(path, known) for path in paths]
    table = np.concatenate(tables)
    class_id = np.repeat(np.arange(len(paths)), [len(rows) for rows in tables])
    return _objects(table[:, 0].astype(np.int64), class_id, table[:, 2:]), table[:, 1]


def _read(path: Path, known: dict[str, int]) -> NDArray[np.float64]:
    """(K, 6) number of the image, score and corners of each line."""
    location = Location(os.fspath(path))
    try:
        words = path.read_text(encoding="utf-8", errors="replace").split()
    except OSError as error:
        cure = "`detector valid` with eval=voc writes it"
        raise DataError(f"cannot be read: {error.strerror}; {cure}", location) from None
    expected = "expected lines of image, score, left, top, right, bottom"
    if len(words) % WORDS:
        raise DataError(expected, location)
    strange = next((name for name in words[::WORDS] if name not in known), None)
    if strange is not None:
        message = f"image '{strange[:40]}' is not in the list of images"
        raise DataError(f"{message}; is it of another set?", location)
    words[::WORDS] = [str(known[name]) for name in words[::WORDS]]
    try:
        table = np.array(words, np.str_).astype(np.float64).reshape(-1, WORDS)
    except ValueError as error:
        raise DataError(f"{error}; {expected}", location) from None
    if not np.isfinite(table).all():
        raise DataError("holds a number that is not finite", location)
    return table


def from_xml(names: Sequence[str], folder: str | None = None) -> Callable[[str], Annotation]:
    """Reads VOC's annotation of an image: in `folder`, else where VOC has it.

    That is in the folder Annotations where the image's path has JPEGImages. Raises DataError.
    """
    numbers = {name: number for number, name in enumerate(names)}

    def read(image: str) -> Annotation:
        beside = image.replace("JPEGImages", "Annotations")
        path = Path(folder, Path(image).name) if folder else Path(beside)
        return _parse(Path(f"{os.path.splitext(path)[0]}.xml"), numbers)

    return read


def _parse(path: Path, numbers: dict[str, int]) -> Annotation:
    location = Location(os.fspath(path))
    try:
        root = ElementTree.parse(path).getroot()
        objects = [
            (
                numbers[entry.findtext("name", "").strip()],
                [float(entry.findtext(f"bndbox/{side}", "")) for side in SIDES],
                entry.findtext("difficult", "0").strip() == "1",
            )
            for entry in root.iter("object")
        ]
    except OSError as error:
        cure = "name the folder of the annotations, or score against YOLO labels"
        raise DataError(f"cannot be read: {error.strerror}; {cure}", location) from None
    except KeyError as error:
        raise DataError(f"names class {error}, which the names file has not", location) from None
    except (ElementTree.ParseError, ValueError) as error:
        raise DataError(f"is no annotation of VOC's: {error}", location) from None
    return Annotation(
        np.array([number for number, _, _ in objects], np.int64),
        np.array([corners for _, corners, _ in objects], np.float64).reshape(-1, 4),
        np.array([difficult for _, _, difficult in objects], np.bool_),
    )


SIDES = ("xmin", "ymin", "xmax", "ymax")


def from_labels(classes: int) -> Callable[[str], Annotation]:
    """Reads an image's YOLO labels, of which none is difficult; raises DataError."""

    def read(image: str) -> Annotation:
        path = label_path(image)
        table = read_labels(path).astype(np.float64)
        if (
            not np.isfinite(table).all()
            or (table[:, 0] < 0).any()
            or (table[:, 0] >= classes).any()
        ):
            message = (
                f"holds a class that is not in 0 to {classes - 1}, or a number that is not finite"
            )
            raise DataError(message, Location(os.fspath(path)))
        pixels = table[:, 1:] * np.array(image_size(image) * 2)
        half = pixels[:, 2:] / 2
        # VOC's pixels count from 1: the way back of how its boxes are made into labels.
        corners = np.concatenate([pixels[:, :2] - half, pixels[:, :2] + half], axis=1) + 1
        return Annotation(table[:, 0].astype(np.int64), corners, np.zeros(len(table), np.bool_))

    return read
