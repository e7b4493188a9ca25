"""Result files of one image: the C programs' prints, ids, names."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from darknet_py.errors import DataError
from darknet_py.evaluate.formats.writing import (
    COCO_IDS,
    FORMS,
    ImageDetections,
    ResultFiles,
    coco_image_id,
    form_of,
    lines,
    stem,
)
from darknet_py.forks import ALEXEYAB, PJREDDIE

NAMES = ["ant", "bee", "cow"]


def one(path: str = "7.png", rows: int = 1, class_id: int = 0) -> ImageDetections:
    corners = np.array([[-5.0, -5, 70, 70]] * rows).reshape(-1, 4)
    number = np.full(rows, class_id)
    return ImageDetections(path, 0, (60, 50), number, np.full(rows, 0.5, np.float32), corners)


def test_bdd_is_written_as_in_c_and_quotes_are_escaped(tmp_path: Path) -> None:
    with FORMS["bdd"](ResultFiles(tmp_path, "o.json", ['a "b" 5%'], ALEXEYAB)) as add:
        add(one("f/100%.png"))
    text = (tmp_path / "o.json").read_text()
    box = "0.000000, 0.000000, 60.000000, 50.000000"
    assert text == (
        '[\n\t{\n\t\t"name":"100%",\n\t\t"category":"a \\"b\\" 5%",\n'
        f'\t\t"bbox":[{box}],\n\t\t"score":0.500000\n\t}}\n]\n'
    )
    with FORMS["bdd"](ResultFiles(tmp_path, None, [str(n) for n in range(10)], ALEXEYAB)) as add:
        add(one(class_id=6))
    assert json.loads((tmp_path / "bdd_results.json").read_text())[0]["category"] == "traffic light"


@pytest.mark.parametrize("form", ["coco", "bdd"])
def test_nothing_found_is_an_empty_list(tmp_path: Path, form: str) -> None:
    """The C programs overwrite the opening bracket."""
    with FORMS[form](ResultFiles(tmp_path, "o", NAMES, ALEXEYAB)) as add:
        add(one(rows=0))
    assert json.loads((tmp_path / "o.json").read_text()) == []


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
        with FORMS["coco"](ResultFiles(tmp_path, None, ["x"] * classes, ALEXEYAB)) as add:
            add(one(class_id=79))
        written = json.loads((tmp_path / "coco_results.json").read_text())
        assert written[0]["category_id"] == expected


def test_words() -> None:
    assert [form_of(word) for word in ("coco", "voc", "else")] == ["coco", "voc", "voc"]
    assert stem("C:\\set\\a.b.jpg") == "a" and stem("set/dog.jpg") == "dog"
    assert lines("%d %f\n", np.array([1, 2]), np.array([0.5, 0.25])) == b"1 0.500000\n2 0.250000\n"
    assert lines("%d\n", np.zeros(0)) == b""
