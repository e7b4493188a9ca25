"""Small real networks with trained weights against what the C programs detect with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import darknet_py

pytestmark = pytest.mark.parity

MODELS = ("yolo-fastest-1.1", "MobileNetV2-YOLOv3-Nano-coco")
RUNS = {
    "stretch": {"fork": "alexeyab", "letter_box": False},
    "letterbox": {"fork": "alexeyab", "letter_box": True},
    "pjreddie": {"fork": "pjreddie", "letter_box": None},
}
FLOOR, CONFIDENCE, OVERLAP = 0.11, 0.002, 0.98


def rows_of(result: Any) -> list[list[float]]:
    boxes = result.boxes
    columns = np.column_stack([boxes.class_id, boxes.confidence, boxes.xywhn])
    return [[float(value) for value in row] for row in columns]


def overlap(a: list[float], b: list[float]) -> float:
    sides = []
    for k in (0, 1):
        low = max(a[k] - a[k + 2] / 2, b[k] - b[k + 2] / 2)
        sides.append(min(a[k] + a[k + 2] / 2, b[k] + b[k + 2] / 2) - low)
    inside = max(0.0, sides[0]) * max(0.0, sides[1])
    return inside / (a[2] * a[3] + b[2] * b[3] - inside)


def unmatched(boxes: list[list[float]], others: list[list[float]]) -> list[list[float]]:
    """Boxes above the floor that have no like box among the others."""

    def has_twin(box: list[float]) -> bool:
        return any(
            other[0] == box[0]
            and abs(other[1] - box[1]) <= CONFIDENCE
            and overlap(box[2:], other[2:]) > OVERLAP
            for other in others
        )

    return [box for box in boxes if box[1] > FLOOR and not has_twin(box)]


def cases() -> list[tuple[str, str]]:
    return [
        (model, run) for model in MODELS for run in RUNS if (model, run) != (MODELS[1], "pjreddie")
    ]


@pytest.mark.parametrize(("model", "run"), cases())
def test_the_same_boxes_as_the_c_program(shared: Path, model: str, run: str) -> None:
    folder = shared / "models"
    recorded = json.loads((folder / f"{model}.json").read_text())
    choices = RUNS[run]
    cfg, weights = folder / f"{model}.cfg", folder / f"{model}.weights"
    detector = darknet_py.load(cfg, weights, fork=str(choices["fork"]))
    assert recorded["detections"][run], "no recorded images"
    for image, expected in recorded["detections"][run].items():
        source = str(folder / "images" / image)
        result = detector(source, thresh=recorded["thresh"], letter_box=choices["letter_box"])
        ours = rows_of(result)
        assert unmatched(expected, ours) == [], image
        assert unmatched(ours, expected) == [], image


@pytest.mark.parametrize("model", MODELS)
def test_the_same_boxes_as_pjreddies_darknet_py(shared: Path, model: str) -> None:
    """MobileNetV2-YOLOv3-Nano sets scale_x_y, which moved boxes by up to 1.3 pixels."""
    recorded = json.loads((shared / "compat" / "darknet_py" / f"pjreddie-{model}.json").read_text())
    folder = shared / "models"
    files = (folder / f"{model}.{kind}" for kind in ("cfg", "weights"))
    detector = darknet_py.load(*files, names=str(folder / "coco.names"), fork="pjreddie")
    compared = 0
    for image in recorded["images"]:
        # Its do_nms_obj suppresses across classes: the boxes are looked for before suppression.
        boxes = detector(str(folder / "images" / image["file"]), thresh=0.25, nms=0).boxes
        ours = [
            (detector.names[number], score, box)
            for number, score, box in zip(boxes.class_id, boxes.confidence, boxes.xywh, strict=True)
        ]
        for name, score, box in image["detect_thresh_.25"]:
            near = min(
                float(np.abs(mine - box).max())
                for label, confidence, mine in ours
                if label == name and abs(confidence - score) < CONFIDENCE
            )
            assert near < 0.02, (image["file"], name)
            compared += 1
    assert compared > 20
