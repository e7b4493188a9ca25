"""`eval coco` and `eval voc`: what they print of files."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from darknet_py.errors import DataError
from darknet_py.evaluate.eval_files_command import eval_coco, eval_voc
from darknet_py.options.evaluation import VocOptions


def test_coco_says_how_many_images_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    box = {"image_id": 7, "category_id": 1, "bbox": [10, 10, 50, 50]}
    truth = {"images": [{"id": 7}, {"id": 9}], "categories": [{"id": 1}]}
    truth["annotations"] = [box, box | {"image_id": 9}]
    annotations, results = tmp_path / "a.json", tmp_path / "r.json"
    annotations.write_text(json.dumps(truth))
    results.write_text(json.dumps([box | {"score": 0.5}]))
    for named_only, value, rule in (
        (False, "0.505", "nothing was found in the others"),
        (True, "1.000", "the others are left out"),
    ):
        eval_coco(str(annotations), str(results), named_only)
        printed = capsys.readouterr()
        assert printed.out.splitlines()[0].endswith(f"maxDets=100 ] = {value}")
        assert printed.err == f"{results}; it names 1 of 2 images, {rule}\n"


def test_voc_prints_each_class_and_the_mean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((100, 100, 3), np.uint8))
    (tmp_path / "a.txt").write_text("0 .5 .5 .2 .2\n1 .2 .2 .2 .2\n")
    (tmp_path / "valid.txt").write_text(f"{tmp_path / 'a.png'}\n")
    (tmp_path / "n.names").write_text("ant\nbee\n")
    data = tmp_path / "n.data"
    data.write_text(f"valid={tmp_path / 'valid.txt'}\nnames={tmp_path / 'n.names'}\n")
    (tmp_path / "comp4_det_test_ant.txt").write_text("a 0.9 41 41 61 61\n")
    (tmp_path / "comp4_det_test_bee.txt").write_text("a 0.9 61 61 81 81\n")
    eval_voc(VocOptions(data=str(data), folder=str(tmp_path), labels=True))
    printed = capsys.readouterr()
    assert printed.out == "AP for ant = 1.0000\nAP for bee = 0.0000\nMean AP = 0.5000\n"
    words = "1 images, YOLO labels, hits above IoU 0.5, area under the curve"
    assert printed.err == f"{tmp_path}/comp4_det_test_*.txt: {words}\n"
    with pytest.raises(DataError, match="against labels or against annotations, not both"):
        eval_voc(VocOptions(data=str(data), labels=True, annotations="."))
