"""A result of `map` made by hand."""

from __future__ import annotations

import numpy as np

from darknet_py.evaluate.average_precision import Ranking
from darknet_py.evaluate.curves import ThresholdCurves
from darknet_py.evaluate.eval_config import EvalConfig
from darknet_py.evaluate.map_result import ClassResult, MapResult

EVAL_CONFIG = EvalConfig(
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
    eval_config=EVAL_CONFIG,
    ranking=Ranking(np.zeros(0), np.zeros(0, bool), np.zeros(4, int), np.zeros(3, int)),
    by_threshold=ThresholdCurves(np.array([0.9, 0.5]), np.array([1.0, 0.5]), np.array([0.2, 0.4])),
    heads=(" Detection layer: 121 - type = 28 ", " Detection layer: 130 - type = 28 "),
    seconds=1.5,
)
