"""The files of `detector valid`: each form's lines, as the C programs print them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darknet_py.cfg.options import atoi
from darknet_py.errors import DataError
from darknet_py.files import encoded, make_folder, replacing
from darknet_py.forks import Fork

COCO_IDS = tuple(sorted(set(range(1, 91)) - {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}))
"""COCO's category of each of its 80 classes."""
BDD_NAMES = (
    *("bike", "bus", "car", "motor", "person", "rider"),
    *("traffic light", "traffic sign", "train", "truck"),
)
KITTI_NAMES = ("car", "pedestrian", "cyclist")


@dataclass(frozen=True, eq=False)
class ImageDetections:
    """K entries of one image; corners: (K, 4) left, top, right, bottom in pixels, not cut.

    number: of the image in the list, from 0. size: width and height in pixels.
    """

    path: str
    number: int
    size: tuple[int, int]
    class_id: NDArray[np.int64]
    score: NDArray[np.float32]
    corners: NDArray[np.float64]

    def cut(self, low: int = 0) -> NDArray[np.float32]:
        """The corners moved by `low` and cut at the edges, which lie at `low` and the size."""
        corners = (self.corners + low).astype(np.float32)
        width, height = self.size
        corners[:, :2] = np.maximum(corners[:, :2], low)
        corners[:, 2:] = np.minimum(corners[:, 2:], (width, height))
        return corners


@dataclass(frozen=True)
class ResultFiles:
    """Where results go, and in whose words: folder, the name -out gives, class names."""

    folder: Path
    out: str | None
    names: Sequence[str]
    fork: Fork

    def path(self, default: str, ending: str) -> Path:
        """The file of a form: in the folder, which is made, named by -out or by default."""
        name = (self.out or default).removesuffix(".json" if ending == ".json" else "\0")
        path = self.folder / f"{name}{ending}"
        make_folder(path.parent)
        return path


Writer = Callable[[ImageDetections], None]


def stem(path: str) -> str:
    """An image's name up to the first dot: the programs' id of it."""
    return path.replace("\\", "/").rpartition("/")[2].partition(".")[0]


def coco_image_id(path: str, fork: Fork) -> int:
    """The number in an image's name; raises DataError where COCO's id would be none."""
    name = stem(path)
    last = name.rpartition("_")[2]
    leading = name if name[:1].isdigit() and not fork.detect.coco_id_after_underscore else last
    if not leading[:1].isdigit():
        message = f"{path}: its name holds no number for COCO's image_id"
        raise DataError(f"{message}; name images by number, or use another eval=")
    return atoi(leading)


def lines(template: str, *columns: NDArray[Any]) -> bytes:
    """The template for each row of numbers, all rows formatted in one step."""
    table = np.column_stack(columns)
    return encoded(template * len(table) % tuple(table.ravel().tolist()))


@contextmanager
def coco_file(results: ResultFiles) -> Iterator[Writer]:
    """One list of image_id, category_id, bbox (left, top, width, height) and score.

    Of networks with more than COCO's 80 classes the categories count from 1.
    """
    classes = len(results.names)
    ids = np.array(COCO_IDS if classes <= len(COCO_IDS) else range(1, classes + 1))
    with _json_list(results.path("coco_results", ".json")) as write:

        def add(entries: ImageDetections) -> None:
            corners = entries.cut()
            sides = corners[:, 2:] - corners[:, :2]
            image = f'{{"image_id":{coco_image_id(entries.path, results.fork)}, "category_id":%d, '
            template = image + '"bbox":[%f, %f, %f, %f], "score":%f},\n'
            write(lines(template, ids[entries.class_id], corners[:, :2], sides, entries.score))

        yield add


@contextmanager
def bdd_file(results: ResultFiles) -> Iterator[Writer]:
    """One list of name, category, bbox (left, top, right, bottom) and score."""
    names = BDD_NAMES if len(results.names) == len(BDD_NAMES) else results.names
    quoted = np.array([json.dumps(name) for name in names], object)
    rest = '\t\t"category":%s,\n\t\t"bbox":[%f, %f, %f, %f],\n\t\t"score":%f\n\t},\n'
    with _json_list(results.path("bdd_results", ".json")) as write:

        def add(entries: ImageDetections) -> None:
            name = json.dumps(stem(entries.path)).replace("%", "%%")
            template = f'\t{{\n\t\t"name":{name},\n{rest}'
            write(lines(template, quoted[entries.class_id], entries.cut(), entries.score))

        yield add


def voc_files(results: ResultFiles) -> AbstractContextManager[Writer]:
    """A file per class with the image's name, the score and a box whose pixels count from 1."""
    return _comp4_files(results, 1)


def yolo_files(results: ResultFiles) -> AbstractContextManager[Writer]:
    """The same, as `yolo valid` writes it: pixels count from 0."""
    return _comp4_files(results, 0)


@contextmanager
def _comp4_files(results: ResultFiles, low: int) -> Iterator[Writer]:
    """low: the number of the first pixel."""
    with ExitStack() as stack:
        paths = [results.path("comp4_det_test_", f"{name}.txt") for name in results.names]
        files = [stack.enter_context(replacing(path)) for path in paths]

        def add(entries: ImageDetections) -> None:
            template = stem(entries.path).replace("%", "%%") + " %f %f %f %f %f\n"
            corners = entries.cut(low)
            for class_id in np.unique(entries.class_id):
                rows = entries.class_id == class_id
                files[class_id].write(lines(template, entries.score[rows], corners[rows]))

        yield add


@contextmanager
def imagenet_file(results: ResultFiles) -> Iterator[Writer]:
    """Lines of image and class, both from 1, score and box."""
    with replacing(results.path("imagenet-detection", ".txt")) as file:

        def add(entries: ImageDetections) -> None:
            template = f"{entries.number + 1} %d %f %f %f %f %f\n"
            file.write(lines(template, entries.class_id + 1, entries.score, entries.cut()))

        yield add


@contextmanager
def kitti_files(results: ResultFiles) -> Iterator[Writer]:
    """A file per image in a folder `data`, with what KITTI asks for and the network lacks as -1,
    -10 or -1000."""
    known = KITTI_NAMES if len(results.names) == len(KITTI_NAMES) else results.names
    names = np.array(known, object)
    folder = results.path("kitti_results", "") / "data"
    make_folder(folder)
    template = "%s -1 -1 -10 %f %f %f %f -1 -1 -1 -1000 -1000 -1000 -10 %f\n"

    def add(entries: ImageDetections) -> None:
        with replacing(folder / f"{stem(entries.path)}.txt", durable=False) as file:
            file.write(lines(template, names[entries.class_id], entries.cut(), entries.score))

    yield add


FORMS: dict[str, Callable[[ResultFiles], AbstractContextManager[Writer]]] = {
    "coco": coco_file,
    "bdd": bdd_file,
    "kitti": kitti_files,
    "imagenet": imagenet_file,
    "voc": voc_files,
    "yolo": yolo_files,
}
"""By the word eval= has in a .data file; any other word means voc, as in the programs."""


def form_of(word: str) -> str:
    """The form a word of eval= means."""
    return word if word in FORMS else "voc"


@contextmanager
def _json_list(path: Path) -> Iterator[Callable[[bytes], object]]:
    """A list of what is written, each entry ending in a comma and a line break."""
    with replacing(path) as file:
        file.write(b"[\n")
        yield file.write
        if file.tell() > 2:
            file.seek(-2, os.SEEK_END)
            file.write(b"\n")
        file.write(b"]\n")
