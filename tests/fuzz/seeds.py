"""Inputs that are right: what lies in tests/golden and cfg/, and what the program writes itself."""

from __future__ import annotations

import contextlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from support.drawn_layouts import LAYOUT_WRITERS, write
from support.learnt_text import CFG as TEXT_CFG
from support.learnt_text import LAYERS, TEXT
from support.small_detector import CFG as DETECTOR_CFG

from darknet_py.cli.main import execute

TESTS = Path(__file__).resolve().parent.parent
DETECT = ("-thresh", ".01", "-out", "a.json", "-save_labels", "-ext_output", "--device", "cpu")
TRAIN = ("--device", "cpu", "--workers", "0", "-dont_show")
ENDINGS = ("png", "jpg", "bmp", "tif", "webp", "ppm", "gif", "hdr", "exr")
IMAGES = 6
COCO = "eval=coco\nresults=results\n"
CLASSIFIER_CFG = """[net]
batch=4
width=16
height=16
channels=3
learning_rate=.01
max_batches=4
[convolutional]
filters=8
size=3
stride=4
activation=leaky
[avgpool]
[softmax]
"""


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def program(words: str) -> None:
    """Run without a word, but that of an error."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        code = execute(words.split())
    if code:
        raise RuntimeError(f"{words}: exit code {code}")


class Seeds:
    """A small data set, networks and what the program wrote of them; made when asked for."""

    def __init__(self) -> None:
        with tempfile.TemporaryDirectory() as name, inside(Path(name)):
            _make_files()
            paths = (path for path in Path().rglob("*") if path.is_file())
            self.made = {path.as_posix(): path.read_bytes() for path in paths}

    @cached_property
    def layouts(self) -> dict[str, dict[str, bytes]]:
        """The files of one drawn data set by layout and name."""
        with tempfile.TemporaryDirectory() as name:
            return {
                layout: _files_below(write(layout, Path(name) / layout))
                for layout in LAYOUT_WRITERS
            }

    def files(self, *names: str) -> dict[str, bytes]:
        """Those whose names are given or begin with a given folder, as "pictures/"."""
        return {name: content for name, content in self.made.items() if name.startswith(names)}

    @property
    def data_set(self) -> dict[str, bytes]:
        return self.files("pictures/", "train.txt", "valid.txt", "shapes.names", "shapes.data")


def _files_below(folder: Path) -> dict[str, bytes]:
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def zip_bytes(files: dict[str, bytes]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return archive.getvalue()


def _make_files() -> None:
    program(f"data shapes . --images {IMAGES} --width 48 --height 40 --valid_every 2")
    Path("small.cfg").write_text(DETECTOR_CFG.format(max_batches=4, net="", head=""))
    with Path("shapes.data").open("a") as file:
        file.write(f"backup=backup\n{COCO}")
    program(f"train shapes.data small.cfg --iterations 2 {' '.join(TRAIN)}")
    _write_results()
    program("detect small.cfg backup/small_last.weights pictures/ -thresh .01 -out boxes.json")
    _draw_images()
    _write_classifier()
    _write_text()


def _write_results() -> None:
    words = "shapes.data small.cfg backup/small_last.weights --device cpu"
    program(f"detector valid {words}")
    Path("annotations.json").write_text(json.dumps(annotations()))
    voc = Path("shapes.data").read_text().replace(COCO, "eval=voc\nresults=comp4\n")
    Path("voc.data").write_text(voc)
    program(f"detector valid {words.replace('shapes.data', 'voc.data')}")


def annotations() -> dict[str, Any]:
    """COCO's form of a few labels, for the data set's images."""
    images = [{"id": number, "width": 48, "height": 40} for number in range(IMAGES)]
    for row in images:
        row["file_name"] = f"{row['id']:05d}.jpg"  # type: ignore[assignment]
    boxes = [[number, number, 20, 10 + number] for number in range(IMAGES)]
    labels = [
        {"id": number + 1, "image_id": number, "category_id": 1 + number % 3, "bbox": box}
        | {"area": box[2] * box[3], "iscrowd": 0}
        for number, box in enumerate(boxes)
    ]
    categories = [{"id": number, "name": str(number)} for number in range(1, 9)]
    return {"images": images, "annotations": labels, "categories": categories}


def _draw_images() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (24, 20, 3)).astype(np.uint8)
    for ending in ENDINGS:
        with contextlib.suppress(cv2.error):
            cv2.imwrite(f"image.{ending}", pixels)


def _write_classifier() -> None:
    Path("classifier.cfg").write_text(CLASSIFIER_CFG)
    lines = ["classes=8", "train=train.txt", "valid=valid.txt", "labels=shapes.names", "top=2"]
    Path("classifier.data").write_text("\n".join([*lines, "backup=backup\n"]))


def _write_text() -> None:
    text = TEXT_CFG.format(layer=LAYERS["rnn"], rate=0.1, subdivisions=1)
    Path("text.cfg").write_text(text.replace("max_batches=1000", "max_batches=2"))
    Path("text.txt").write_bytes(TEXT * 8)
    program("rnn train text.cfg -file text.txt --device cpu")
