"""The table of `map` against a golden text."""

from __future__ import annotations

from dataclasses import replace

from support.map_result import EVAL_CONFIG, RESULT

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
    eval_config = replace(EVAL_CONFIG, points=11, iou_thresh=0.75)
    table = replace(RESULT, eval_config=eval_config, thresh=0.005).table()
    assert "\n IoU threshold = 75 %, used 11 Recall-points \n" in table
    assert " mean average precision (mAP@0.75) = 0.491277, or 49.13 % \n" in table
    assert " for conf_thresh = 0.01, TP = 148" in table
