"""The metrics of `map` as JSON and CSV."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.map_result import RESULT

from darknet_py.evaluate.coco import CocoMetrics
from darknet_py.evaluate.map_files import write


def test_json_has_all_metrics_and_what_they_were_computed_with(tmp_path: Path) -> None:
    coco = CocoMetrics({"AP": 0.1}, "", 4, 4)
    write(tmp_path / "o.metrics", replace(RESULT, origin={"image_set": "valid.txt"}, coco=coco))
    written = json.loads((tmp_path / "o.metrics").read_text())
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
