"""The table against a golden text; the same figures as JSON and CSV."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from darknet_py.evaluate.average_precision import Ranking
from darknet_py.evaluate.curves import Threshold
from darknet_py.evaluate.eval_config import Conditions
from darknet_py.evaluate.map_files import write
from darknet_py.evaluate.map_result import ClassResult, MapResult

CONDITIONS = Conditions(
    images=4,
    input=(416, 416, 3),
    resize="stretch",
    score_floor=0.005,
    nms_kind="greedynms",
    nms=0.45,
    iou_thresh=0.5,
    points=0,
    device="cpu",
    fork="alexeyab",
)
RESULT = MapResult(
    classes=(
        ClassResult(0, "person", 0.473831, 145, 221, 350),
        ClassResult(1, "traffic light", 1.0, 3, 0, 3),
        ClassResult(2, "hair drier", 0.0, 0, 2, 0),
    ),
    map=0.491277,
    tp=148,
    fp=223,
    average_iou=0.284048,
    detections_count=22534,
    unique_truth_count=353,
    thresh=0.25,
    conditions=CONDITIONS,
    ranking=Ranking(np.zeros(0), np.zeros(0, bool), np.zeros(4, int), np.zeros(3, int)),
    by_threshold=Threshold(np.array([0.9, 0.5]), np.array([1.0, 0.5]), np.array([0.2, 0.4])),
    heads=(" Detection layer: 121 - type = 28 ", " Detection layer: 130 - type = 28 "),
    seconds=1.5,
)
# Blanks at the ends of lines are AlexeyAB's, and scripts depend on them.
TABLE = """
 calculation mAP (mean average precision)...
 Detection layer: 121 - type = 28_
 Detection layer: 130 - type = 28_

 detections_count = 22534, unique_truth_count = 353 _
class_id = 0, name = person, ap = 47.38%   \t (TP = 145, FP = 221)_
class_id = 1, name = traffic light, ap = 100.00%   \t (TP = 3, FP = 0)_
class_id = 2, name = hair drier, ap = 0.00%   \t (TP = 0, FP = 2)_

 for conf_thresh = 0.25, precision = 0.40, recall = 0.42, F1-score = 0.41_
 for conf_thresh = 0.25, TP = 148, FP = 223, FN = 205, average IoU = 28.40 %_

 IoU threshold = 50 %, used Area-Under-Curve for each unique Recall_
 mean average precision (mAP@0.50) = 0.491277, or 49.13 %_

Set -points flag:
 `-points 101` for MS COCO_
 `-points 11` for PascalVOC 2007 (uncomment `difficult` in voc.data)_
 `-points 0` (AUC) for ImageNet, PascalVOC 2010-2012, your custom dataset
"""


def test_the_table_to_the_character() -> None:
    assert RESULT.table() == TABLE.replace("_\n", " \n").replace("detections count", "")


def test_the_table_of_points() -> None:
    conditions = replace(CONDITIONS, points=11, iou_thresh=0.75)
    table = replace(RESULT, conditions=conditions, thresh=0.005).table()
    assert "\n IoU threshold = 75 %, used 11 Recall-points \n" in table
    assert " mean average precision (mAP@0.75) = 0.491277, or 49.13 % \n" in table
    assert " for conf_thresh = 0.01, TP = 148" in table


def test_json_has_all_figures_and_what_they_were_computed_with(tmp_path: Path) -> None:
    write(tmp_path / "o.figures", RESULT, image_set="valid.txt", coco={"AP": 0.1})
    written = json.loads((tmp_path / "o.figures").read_text())
    assert written["image_set"] == "valid.txt" and written["coco"] == {"AP": 0.1}
    assert written["best_f1"] == {"f1": pytest.approx(0.4 / 0.9), "thresh": 0.25}
    assert written["computed_with"]["nms_kind"] == "greedynms"
    assert written["computed_with"]["input"] == [416, 416, 3]
    names = ("mAP", "TP", "FP", "FN", "average_iou", "detections_count", "unique_truth_count")
    assert [written[name] for name in names] == [0.491277, 148, 223, 205, 0.284048, 22534, 353]
    assert written["precision"] == pytest.approx(148 / 371)
    assert written["recall"] == pytest.approx(148 / 353)
    assert written["f1"] == pytest.approx(2 * 148 / (371 + 353))
    assert written["classes"][2] == {
        "class_id": 2,
        "name": "hair drier",
        "ap": 0.0,
        "TP": 0,
        "FP": 2,
        "FN": 0,
        "truths": 0,
        "precision": 0.0,
        "recall": 0.0,
        "f1": 0.0,
    }


def test_csv_has_a_line_per_class(tmp_path: Path) -> None:
    write(tmp_path / "o.csv", RESULT)
    with open(tmp_path / "o.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == ["person", "traffic light", "hair drier"]
    assert (rows[0]["ap"], rows[0]["FN"], rows[1]["recall"]) == ("0.473831", "205", "1.0")
