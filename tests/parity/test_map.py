"""`map` from the JPEGs against AlexeyAB's `detector map` on the same photographs."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.golden_check import SHARED

from darknet_py.cfg.datafile import read_names
from darknet_py.evaluate.map import evaluate
from darknet_py.evaluate.map_result import MapResult
from darknet_py.network.network import load_network

pytestmark = pytest.mark.parity

MODELS = ("yolo-fastest-1.1", "MobileNetV2-YOLOv3-Nano-coco")
FLAGS: dict[tuple[str, ...], dict[str, Any]] = {
    (): {},
    ("-points", "11"): {"points": 11},
    ("-points", "101"): {"points": 101},
    ("-iou_thresh", "0.75"): {"iou_thresh": 0.75},
    ("-thresh", "0.5"): {"thresh": 0.5},
    # The C program overwrites it with letter_box of [net].
    ("-letter_box",): {},
}


@functools.cache
def measured(model: str, flags: tuple[str, ...]) -> MapResult:
    folder = SHARED / "models"
    network, _ = load_network(folder / f"{model}.cfg", folder / f"{model}.weights")
    images = sorted(map(str, (SHARED / "coco-val128").glob("*.jpg")))
    return evaluate(network, images, read_names(folder / "coco.names"), **FLAGS[flags])


def recorded(shared: Path, model: str, flags: tuple[str, ...]) -> dict[str, Any]:
    runs = json.loads((shared / "models" / "map-val128.json").read_text())["models"][model]
    assert {tuple(run["flags"]) for run in runs} == set(FLAGS)
    match: dict[str, Any] = next(run for run in runs if tuple(run["flags"]) == flags)
    return match


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("flags", FLAGS, ids=" ".join)
def test_the_metrics_of_the_c_program(shared: Path, model: str, flags: tuple[str, ...]) -> None:
    ours, theirs = measured(model, flags), recorded(shared, model, flags)
    assert ours.map == pytest.approx(theirs["mAP"], abs=1e-6)
    assert (ours.tp, ours.fp, ours.fn) == (theirs["TP"], theirs["FP"], theirs["FN"])
    assert f"{ours.precision:.2f}" == theirs["precision"]
    assert f"{ours.recall:.2f}" == theirs["recall"]
    assert f"{ours.f1:.2f}" == theirs["f1"]
    assert round(ours.average_iou * 100, 2) == theirs["average_iou"]
    # A box at the very floor of .005 may fall on either side of it.
    assert abs(ours.detections_count - theirs["detections_count"]) <= 1
    assert ours.unique_truth_count == theirs["unique_truth_count"]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("flags", FLAGS, ids=" ".join)
def test_every_class(shared: Path, model: str, flags: tuple[str, ...]) -> None:
    ours = measured(model, flags)
    theirs = np.array(recorded(shared, model, flags)["per_class_ap_tp_fp"])
    # The record has two digits.
    assert np.abs([row.ap * 100 for row in ours.classes] - theirs[:, 1]).max() < 0.0051
    assert [[row.class_id, row.tp, row.fp] for row in ours.classes] == theirs[:, [0, 2, 3]].tolist()
