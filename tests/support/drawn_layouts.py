"""One small drawn data set, written in each of the layouts that `data import` reads."""

from __future__ import annotations

import csv
import functools
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from darknet_py.images.draw import save_image
from darknet_py.synthetic.shape_images import draw_image

NAMES = ("disc", "kite", "ring")
"""Sorted, as some layouts have no order of classes."""
WIDTH, HEIGHT = 96, 64
Box = tuple[int, int, int, int, int]
"""Class; left, top, right, bottom in whole pixels from 0."""


@dataclass(frozen=True)
class Drawn:
    """An image of the set: its file's name, its split, its boxes."""

    name: str
    split: str
    boxes: tuple[Box, ...]


DRAWN = (
    Drawn("a.jpg", "train", ((0, 10, 8, 40, 33), (1, 50, 20, 90, 60))),
    Drawn("b.png", "train", ((2, 1, 1, 31, 31),)),
    Drawn("empty one.jpg", "train", ()),
    Drawn("c.jpg", "valid", ((1, 3, 4, 80, 60), (1, 8, 8, 24, 40), (0, 60, 30, 70, 50))),
)
EXPECTED = {
    (one.split, one.name, label, *corners) for one in DRAWN for label, *corners in one.boxes
}
"""Split, image, class, left, top, right, bottom."""


@functools.cache
def _images() -> Path:
    import numpy as np

    folder = Path(tempfile.mkdtemp(prefix="drawn-"))
    for number, one in enumerate(DRAWN):
        pixels, _ = draw_image(np.random.default_rng(number), WIDTH, HEIGHT, 8, 0.5)
        save_image(folder / one.name, pixels, 90)
    return folder


def put(folder: Path, *names: str) -> None:
    """Images into a folder, which is made; all without names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or [one.name for one in DRAWN]:
        shutil.copyfile(_images() / name, folder / name)


def yolo_lines(one: Drawn) -> str:
    rows = [
        f"{label} {(left + right) / 2 / WIDTH:.8f} {(top + bottom) / 2 / HEIGHT:.8f} "
        f"{(right - left) / WIDTH:.8f} {(bottom - top) / HEIGHT:.8f}\n"
        for label, left, top, right, bottom in one.boxes
    ]
    return "".join(rows)


def text(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def stem(one: Drawn) -> str:
    return one.name.rpartition(".")[0]


def cvat(home: Path) -> None:
    """Lists with a prefix that leads nowhere, as CVAT writes them."""
    text(home / "obj.names", "".join(f"{name}\n" for name in NAMES))
    text(
        home / "obj.data",
        "classes = 3\ntrain = data/train.txt\nvalid = data/valid.txt\n"
        "names = data/obj.names\nbackup = backup/\n",
    )
    for split in ("train", "valid"):
        listed = [one for one in DRAWN if one.split == split]
        lines = [f"data/obj_{split}_data/{one.name}\n" for one in listed]
        text(home / f"{split}.txt", "".join(lines))
        for one in listed:
            put(home / f"obj_{split}_data", one.name)
            text(home / f"obj_{split}_data" / f"{stem(one)}.txt", yolo_lines(one))


def roboflow(home: Path) -> None:
    for one in DRAWN:
        put(home / one.split, one.name)
        text(home / one.split / f"{stem(one)}.txt", yolo_lines(one))
        text(home / one.split / "_darknet.labels", "\n".join(NAMES))


def ultralytics(home: Path) -> None:
    names = "".join(f"  {number}: {name}\n" for number, name in enumerate(NAMES))
    text(home / "data.yaml", f"train: ../train/images\nval: ../valid/images\nnames:\n{names}")
    for one in DRAWN:
        put(home / one.split / "images", one.name)
        text(home / one.split / "labels" / f"{stem(one)}.txt", yolo_lines(one))


def label_studio(home: Path) -> None:
    """It knows no splits: all are in folders of their own here."""
    text(home / "classes.txt", "".join(f"{name}\n" for name in NAMES))
    text(home / "notes.json", '{"categories": [], "info": {}}')
    for one in DRAWN:
        put(home / "images" / one.split, one.name)
        text(home / "labels" / one.split / f"{stem(one)}.txt", yolo_lines(one))


def label_studio_json(home: Path) -> None:
    put(home / "upload")
    text(home / "project.json", json.dumps([_task(n, one) for n, one in enumerate(DRAWN)]))


def _task(number: int, one: Drawn) -> dict[str, object]:
    results = [
        {
            "type": "rectanglelabels",
            "original_width": WIDTH,
            "original_height": HEIGHT,
            "value": {
                "x": left * 100 / WIDTH,
                "y": top * 100 / HEIGHT,
                "width": (right - left) * 100 / WIDTH,
                "height": (bottom - top) * 100 / HEIGHT,
                "rotation": 0,
                "rectanglelabels": [NAMES[label]],
            },
        }
        for label, left, top, right, bottom in one.boxes
    ]
    path = f"/data/upload/1/{one.name.replace(' ', '%20')}"
    return {"id": number, "data": {"image": path}, "annotations": [{"result": results}]}


IDS = {0: 3, 1: 7, 2: 90}
"""Of COCO's categories: they start anywhere, with gaps."""


def coco(home: Path) -> None:
    for split, file in (("train", "instances_train2017"), ("valid", "instances_val2017")):
        listed = [(n + 40, one) for n, one in enumerate(DRAWN) if one.split == split]
        values = {
            "images": [
                {"id": key, "file_name": one.name, "width": WIDTH, "height": HEIGHT}
                for key, one in listed
            ],
            "annotations": [
                {
                    "id": key * 10 + number,
                    "image_id": key,
                    "category_id": IDS[label],
                    "bbox": [left, top, right - left, bottom - top],
                    "iscrowd": 0,
                }
                for key, one in listed
                for number, (label, left, top, right, bottom) in enumerate(one.boxes)
            ],
            "categories": [{"id": IDS[n], "name": name} for n, name in enumerate(NAMES)],
        }
        text(home / "annotations" / f"{file}.json", json.dumps(values))
        put(home / split, *(one.name for _, one in listed))


def voc(home: Path) -> None:
    put(home / "JPEGImages")
    for one in DRAWN:
        objects = "".join(
            f"<object><name>{NAMES[label]}</name><difficult>0</difficult><bndbox>"
            f"<xmin>{left + 1}</xmin><ymin>{top + 1}</ymin>"
            f"<xmax>{right + 1}</xmax><ymax>{bottom + 1}</ymax></bndbox></object>"
            for label, left, top, right, bottom in one.boxes
        )
        size = f"<size><width>{WIDTH}</width><height>{HEIGHT}</height><depth>3</depth></size>"
        text(
            home / "Annotations" / f"{stem(one)}.xml",
            f"<annotation><filename>{one.name}</filename>{size}{objects}</annotation>",
        )
    for split, file in (("train", "train"), ("valid", "val")):
        lines = [f"{stem(one)}\n" for one in DRAWN if one.split == split and " " not in one.name]
        text(home / "ImageSets" / "Main" / f"{file}.txt", "".join(lines))


COLUMNS = ("ImageID", "Source", "LabelName", "Confidence", "XMin", "XMax", "YMin", "YMax") + (
    "IsGroupOf",
)
MIDS = ("/m/0d", "/m/0k", "/m/0r")


def open_images(home: Path) -> None:
    rows = [f"{mid},{name}\n" for mid, name in zip(MIDS, NAMES, strict=True)]
    text(home / "class-descriptions-boxable.csv", "".join(rows) + "/m/other,Other\n")
    for split, file in (("train", "train"), ("valid", "validation")):
        path = home / f"{file}-annotations-bbox.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "w", newline="") as out:
            table = csv.writer(out)
            table.writerow(COLUMNS)
            for one in (one for one in DRAWN if one.split == split):
                put(home / file, one.name)
                for label, left, top, right, bottom in one.boxes:
                    sides = (left / WIDTH, right / WIDTH, top / HEIGHT, bottom / HEIGHT)
                    table.writerow([stem(one), "x", MIDS[label], 1, *sides, 0])


LAYOUT_WRITERS: dict[str, Callable[[Path], None]] = {
    "cvat": cvat,
    "roboflow": roboflow,
    "ultralytics": ultralytics,
    "label-studio": label_studio,
    "label-studio-json": label_studio_json,
    "coco": coco,
    "voc": voc,
    "open-images": open_images,
}


def write(layout: str, home: Path) -> Path:
    """The set in a layout, into a new folder; gives the folder."""
    LAYOUT_WRITERS[layout](home)
    return home


def zipped(folder: Path, below: str = "") -> Path:
    """A folder as a zip beside it. below: a folder of the archive that holds all."""
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, f"{below}{file.relative_to(folder)}")
    return path
