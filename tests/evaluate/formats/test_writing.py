"""Result files of `valid` against the C programs' prints, box by box."""

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
from darknet_py.evaluate.formats.writing import (
    COCO_IDS,
    FORMS,
    Found,
    Target,
    coco_image_id,
    form_of,
    lines,
    stem,
)
from darknet_py.evaluate.valid import write_results
from darknet_py.forks import ALEXEYAB, PJREDDIE

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


def found(fork: str = "alexeyab") -> list[Result]:
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
    for number, result in enumerate(found(fork), 1):
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
            for number, result in enumerate(found(), 1)
            for row in np.flatnonzero(result.boxes.class_id == class_id)
        ]
        text = (here / "out" / f"comp4_det_test_{name}.txt").read_text()
        assert text.splitlines() == expected and expected


def test_imagenet_kitti_and_bdd(here: Path) -> None:
    for form in ("imagenet", "kitti", "bdd"):
        write(here, form)
    lines_of: dict[str, list[str]] = {"imagenet": [], "1": [], "2": []}
    objects = []
    for number, result in enumerate(found(), 1):
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


def one(path: str = "7.png", rows: int = 1, class_id: int = 0) -> Found:
    corners = np.array([[-5.0, -5, 70, 70]] * rows).reshape(-1, 4)
    number = np.full(rows, class_id)
    return Found(path, 0, (60, 50), number, np.full(rows, 0.5, np.float32), corners)


def test_bdd_is_written_as_in_c_and_quotes_are_escaped(tmp_path: Path) -> None:
    with FORMS["bdd"](Target(tmp_path, "o.json", ['a "b" 5%'], ALEXEYAB)) as add:
        add(one("f/100%.png"))
    text = (tmp_path / "o.json").read_text()
    box = "0.000000, 0.000000, 60.000000, 50.000000"
    assert text == (
        '[\n\t{\n\t\t"name":"100%",\n\t\t"category":"a \\"b\\" 5%",\n'
        f'\t\t"bbox":[{box}],\n\t\t"score":0.500000\n\t}}\n]\n'
    )
    with FORMS["bdd"](Target(tmp_path, None, [str(n) for n in range(10)], ALEXEYAB)) as add:
        add(one(class_id=6))
    assert json.loads((tmp_path / "bdd_results.json").read_text())[0]["category"] == "traffic light"


@pytest.mark.parametrize("form", ["coco", "bdd"])
def test_nothing_found_is_an_empty_list(tmp_path: Path, form: str) -> None:
    """The C programs overwrite the opening bracket."""
    with FORMS[form](Target(tmp_path, "o", NAMES, ALEXEYAB)) as add:
        add(one(rows=0))
    assert json.loads((tmp_path / "o.json").read_text()) == []


def test_out_names_the_files(here: Path) -> None:
    write(here / "r", "coco", out="mine")
    write(here / "r", "voc", out="mine_")
    write(here / "r", "imagenet", out="mine")
    names = {path.name for path in (here / "r").iterdir()}
    assert names == {"mine.json", "mine.txt", "mine_ant.txt", "mine_bee.txt", "mine_cow.txt"}


def test_a_failure_leaves_no_file(here: Path) -> None:
    (here / "2.x.png").write_text("hello")
    with pytest.raises(DataError, match="2.x.png: not an image"):
        write(here / "r", "voc")
    assert list((here / "r").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_an_error(here: Path) -> None:
    (here / "r").write_text("")
    with pytest.raises(OutputError, match="cannot be made: "):
        write(here / "r", "coco")


def test_image_ids_of_both_programs() -> None:
    for path in ("images/000000000139.jpg", "a_b/COCO_val2014_000000000139.jpg"):
        assert coco_image_id(path, ALEXEYAB) == coco_image_id(path, PJREDDIE) == 139
    assert coco_image_id("12_34.jpg", ALEXEYAB) == 12
    assert coco_image_id("12_34.jpg", PJREDDIE) == 34
    for fork in (ALEXEYAB, PJREDDIE):
        with pytest.raises(DataError, match="dog.jpg: its name holds no number for COCO"):
            coco_image_id("data/dog.jpg", fork)


def test_categories_of_coco(tmp_path: Path) -> None:
    assert len(COCO_IDS) == 80
    assert (COCO_IDS[10], COCO_IDS[11], COCO_IDS[24], COCO_IDS[26], COCO_IDS[79]) == (
        *(11, 13, 27, 31),
        90,
    )
    for classes, expected in ((80, 90), (81, 80)):
        with FORMS["coco"](Target(tmp_path, None, ["x"] * classes, ALEXEYAB)) as add:
            add(one(class_id=79))
        written = json.loads((tmp_path / "coco_results.json").read_text())
        assert written[0]["category_id"] == expected


def test_words() -> None:
    assert [form_of(word) for word in ("coco", "voc", "else")] == ["coco", "voc", "voc"]
    assert stem("C:\\set\\a.b.jpg") == "a" and stem("set/dog.jpg") == "dog"
    assert lines("%d %f\n", np.array([1, 2]), np.array([0.5, 0.25])) == b"1 0.500000\n2 0.250000\n"
    assert lines("%d\n", np.zeros(0)) == b""
