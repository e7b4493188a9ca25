"""`valid` against the C programs' prints, box by box."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.labelled import FIRST, SECOND, data_set

import darknet_py
from darknet_py import Network
from darknet_py.detect.result import Result
from darknet_py.errors import DataError, OutputError
from darknet_py.evaluate.valid import write_results

NAMES = ["ant", "bee", "cow"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    data_set(tmp_path)
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate((FIRST, SECOND), 1):
        (tmp_path / name).rename(tmp_path / f"{number}.x.png")
    return tmp_path


def write(folder: Path, form: str, fork: str = "alexeyab", **options: Any) -> None:
    net = Network.from_cfg("n.cfg", fork=fork)
    net.load_weights("n.weights")
    images = ["1.x.png", "2.x.png"]
    # One image at a time, as the detector below: in a batch a box may differ in its last digit.
    write_results(net, images, NAMES, folder, form=form, batch=1, **options)


def detections(fork: str = "alexeyab") -> list[Result]:
    """The same boxes by the detector, which knows nothing of files."""
    detector = darknet_py.load("n.cfg", "n.weights", NAMES, fork=fork)
    thresh, nms = (0.001, 0.6) if fork == "alexeyab" else (0.005, 0.45)
    results = detector(["1.x.png", "2.x.png"], thresh=thresh, nms=nms)
    assert isinstance(results, list)
    return results


def edges(result: Result, row: int, low: int) -> list[np.float32]:
    """Left, top, right, bottom as the C programs cut them."""
    x, y, w, h = (
        np.float32(v) * s for v, s in zip(result.boxes.xywhn[row], (50, 40) * 2, strict=True)
    )
    lowest = [float(x) - float(w) / 2 + low, float(y) - float(h) / 2 + low]
    highest = [float(x) + float(w) / 2 + low, float(y) + float(h) / 2 + low]
    first = [np.float32(max(low, np.float32(v))) for v in lowest]
    return first + [
        np.float32(min(s, np.float32(v))) for v, s in zip(highest, (50, 40), strict=True)
    ]


def numbers(values: list[np.float32]) -> str:
    return " ".join(f"{value:f}" for value in values)


@pytest.mark.parametrize("fork", ["alexeyab", "pjreddie"])
def test_coco(here: Path, fork: str) -> None:
    write(here / "out", "coco", fork)
    expected = ["["]
    for number, result in enumerate(detections(fork), 1):
        for row, class_id in enumerate(result.boxes.class_id):
            left, top, right, bottom = edges(result, row, 0)
            box = numbers([left, top, right - left, bottom - top]).replace(" ", ", ")
            score = result.boxes.confidence[row]
            expected.append(
                f'{{"image_id":{number}, "category_id":{class_id + 1}, '
                f'"bbox":[{box}], "score":{score:f}}},'
            )
    expected[-1] = expected[-1].removesuffix(",")
    text = (here / "out" / "coco_results.json").read_text()
    assert text.splitlines() == [*expected, "]"]
    assert len(json.loads(text)) > 500


def test_voc_counts_pixels_from_1(here: Path) -> None:
    write(here / "out", "voc")
    for class_id, name in enumerate(NAMES):
        expected = [
            f"{number} {result.boxes.confidence[row]:f} {numbers(edges(result, row, 1))}"
            for number, result in enumerate(detections(), 1)
            for row in np.flatnonzero(result.boxes.class_id == class_id)
        ]
        text = (here / "out" / f"comp4_det_test_{name}.txt").read_text()
        assert text.splitlines() == expected and expected


def test_imagenet_kitti_and_bdd(here: Path) -> None:
    for form in ("imagenet", "kitti", "bdd"):
        write(here, form)
    lines_of: dict[str, list[str]] = {"imagenet": [], "1": [], "2": []}
    objects = []
    for number, result in enumerate(detections(), 1):
        for row, class_id in enumerate(result.boxes.class_id):
            corners, score = edges(result, row, 0), result.boxes.confidence[row]
            box = numbers(corners)
            lines_of["imagenet"].append(f"{number} {class_id + 1} {score:f} {box}")
            kitti = ("car", "pedestrian", "cyclist")[class_id]
            rest = "-1 -1 -1 -1000 -1000 -1000 -10"
            lines_of[str(number)].append(f"{kitti} -1 -1 -10 {box} {rest} {score:f}")
            values = [float(f"{value:f}") for value in (*corners, score)]
            objects.append((str(number), NAMES[class_id], values))
    assert (here / "imagenet-detection.txt").read_text().splitlines() == lines_of["imagenet"]
    for number in "12":
        text = (here / "kitti_results" / "data" / f"{number}.txt").read_text()
        assert text.splitlines() == lines_of[number]
    ours = json.loads((here / "bdd_results.json").read_text())
    assert [(o["name"], o["category"], [*o["bbox"], o["score"]]) for o in ours] == objects


def test_out_names_the_files(here: Path) -> None:
    write(here / "r", "coco", out="mine")
    write(here / "r", "voc", out="mine_")
    write(here / "r", "imagenet", out="mine")
    names = {path.name for path in (here / "r").iterdir()}
    assert names == {"mine.json", "mine.txt", "mine_ant.txt", "mine_bee.txt", "mine_cow.txt"}


def test_a_failure_leaves_no_file(here: Path) -> None:
    for name in ("1.x.png", "2.x.png"):
        (here / name).write_text("hello")
    with pytest.raises(DataError, match="the first: 1.x.png: not an image"):
        write(here / "r", "voc")
    assert list((here / "r").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_an_error(here: Path) -> None:
    (here / "r").write_text("")
    with pytest.raises(OutputError, match="cannot be made: "):
        write(here / "r", "coco")
