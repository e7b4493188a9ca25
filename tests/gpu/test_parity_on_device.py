"""All recordings of ../shared on a CUDA device: every layer, and boxes of trained networks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.device_under_test import NAMES, STAND_IN
from support.golden_check import SAMPLING, SHARED, WRONG_IN_C, cases, loaded, relative
from torch import Tensor

import darknet_py
from darknet_py.engines.cuda_graphs import float32_arithmetic

pytestmark = [pytest.mark.gpu, pytest.mark.parity]

DEVICE = next((name for name in NAMES if name != STAND_IN), "")
CASES = cases(SHARED / "golden") or ["none/none"]
MODELS = ("yolo-fastest-1.1", "MobileNetV2-YOLOv3-Nano-coco")
TOLERANCE = 5e-4
"""Sums are taken in another order on a GPU."""
CLOSE = {"fp32": (0.005, 0.5), "tf32": (0.02, 2.0), "bf16": (0.1, 10.0), "fp16": (0.02, 2.0)}
"""How much scores, and edges in pixels, may differ from the CPU's of fp32."""


@pytest.fixture(autouse=True)
def _cuda() -> None:
    if not DEVICE:
        pytest.skip("needs a CUDA device")


def layers_on_device(folder: Path, fork: str, x: Tensor) -> list[Tensor]:
    with float32_arithmetic():
        return [y.cpu() for y in loaded(folder, fork).to(DEVICE).trace(x.to(DEVICE))]


@pytest.mark.parametrize("case", CASES)
def test_every_layer(case: str, shared: Path) -> None:
    name, fork = case.split("/")
    folder = shared / "golden" / name
    recorded = np.load(folder / f"forward-{fork}.npz")
    layers = layers_on_device(folder, fork, torch.from_numpy(recorded["input"]))
    assert len(layers) == len(recorded.files) - 1
    off = []
    for index, output in enumerate(layers):
        expected, actual = recorded[f"{index:03d}"], output.numpy()
        if expected.size != actual.size:
            actual = actual.reshape(-1)[::SAMPLING]
        error = relative(actual.reshape(expected.shape), expected)
        if (name, index) not in WRONG_IN_C and not error <= TOLERANCE:
            off.append((index, error))
    assert off == []


def sure(result: Any, least: float) -> list[tuple[int, float, np.ndarray]]:
    boxes = result.boxes
    rows = zip(boxes.class_id, boxes.confidence, boxes.xyxy, strict=True)
    return [row for row in rows if row[1] > least]


@pytest.mark.parametrize("precision", CLOSE)
@pytest.mark.parametrize("model", MODELS)
def test_boxes_of_trained_networks(model: str, precision: str, shared: Path) -> None:
    folder = shared / "models"
    files = folder / f"{model}.cfg", folder / f"{model}.weights"
    here = darknet_py.load(*files)
    there = darknet_py.load(*files, device=DEVICE, precision=precision)
    images = json.loads((folder / f"{model}.json").read_text())["detections"]["stretch"]
    score, pixels = CLOSE[precision]
    for name in images:
        source = str(folder / "images" / name)
        found = there(source, thresh=0.2).boxes
        for kind, confidence, edges in sure(here(source, thresh=0.2), 0.2 + score):
            near = np.abs(found.xyxy - edges).max(axis=1, initial=0) <= pixels
            near &= (found.class_id == kind) & (np.abs(found.confidence - confidence) <= score)
            assert near.any(), (name, kind, confidence)
