"""What opencv-python 4.13 gave for two published networks: arrays, names, boxes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from darknet_py.dnn import DetectionModel, Net, readNetFromDarknet

NETWORKS = ("MobileNetV2-YOLOv3-Nano-coco", "yolo-fastest-1.1")
pytestmark = pytest.mark.parity


def recorded(shared: Path, name: str) -> tuple[dict[str, Any], Net]:
    facts = json.loads((shared / "opencv4" / f"{name}.json").read_text())
    models = shared / "models"
    return facts, readNetFromDarknet(models / f"{name}.cfg", models / f"{name}.weights")


@pytest.mark.parametrize("name", NETWORKS)
def test_arrays_and_names(shared: Path, name: str) -> None:
    facts, net = recorded(shared, name)
    assert list(net.getLayerNames()) == facts["layer_names"]
    assert net.getUnconnectedOutLayers().tolist() == facts["out_layers"]
    assert list(net.getUnconnectedOutLayersNames()) == facts["out_names"]
    arrays = np.load(shared / "opencv4" / f"{name}.npz")
    image = cv2.imread(str(shared / "models" / "images" / facts["image"]))
    net.setInput(cv2.dnn.blobFromImage(image, 1 / 255, facts["size"], swapRB=True, crop=False))
    for number, rows in enumerate(net.forward(facts["out_names"])):
        assert rows.shape == arrays[f"forward_{number}"].shape
        assert np.abs(rows - arrays[f"forward_{number}"]).max() < 1e-4
    assert np.abs(net.forward() - arrays["forward_default"]).max() < 1e-4


@pytest.mark.parametrize("name", NETWORKS)
def test_boxes(shared: Path, name: str) -> None:
    """The same classes in the same order, the same whole pixels."""
    facts, net = recorded(shared, name)
    model = DetectionModel(net)
    model.setInputParams(1 / 255, facts["size"], swapRB=True)
    for settings, images in facts["detect"].items():
        score, nms = (float(word) for word in settings.split()[1::2])
        for file, rows in images.items():
            frame = cv2.imread(str(shared / "models" / "images" / file))
            found = model.detect(frame, score, nms)
            assert [int(number) for number in found[0]] == [row[0] for row in rows]
            assert np.allclose(found[1], [row[1] for row in rows], atol=0.002)
            assert [box.tolist() for box in found[2]] == [row[2] for row in rows]
            if rows:
                assert [part.dtype for part in found] == [np.int32, np.float32, np.int32]
