"""The demo network through darknet.py's functions, and what others say of the same images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import darknet_py
from darknet_py.compat import darknet
from darknet_py.compat.structures import IMAGE
from darknet_py.detect.pipeline import PipelineOptions
from darknet_py.images.fitted_images import InputSpec
from darknet_py.images.sources import open_source
from darknet_py.layers.head import Suppression

ROOT = Path(__file__).resolve().parent.parent.parent
CFG = str(ROOT / "cfg" / "shapes.cfg")
WEIGHTS = str(ROOT / "data" / "shapes.weights")
DATA = str(ROOT / "data" / "shapes.data")
PICTURE = str(ROOT / "data" / "shapes-1.jpg")
NAMES = (ROOT / "data" / "shapes.names").read_text().split()

Row = tuple[str, float, tuple[float, ...]]


def network_image(net: Any, path: str = PICTURE) -> IMAGE:
    """The file as darknet_images.py prepares it: resized in bytes to the network's size."""
    size = darknet.network_width(net), darknet.network_height(net)
    bgr = cv2.imread(path)
    assert bgr is not None
    rgb = cv2.resize(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), size, interpolation=cv2.INTER_LINEAR)
    image = darknet.make_image(*size, 3)
    darknet.copy_image_from_bytes(image, np.asarray(rgb, np.uint8).tobytes())
    return image


def detected(
    fork: str, source: Any = PICTURE, kind: str = "default", letter_box: bool = False, **limits: Any
) -> list[Row]:
    """Name, confidence and centre-form box in pixels by `Detector`, the highest first.

    kind: of the suppression; limits: thresh, nms.
    """
    detector = darknet_py.load(CFG, WEIGHTS, NAMES, fork=fork)
    options = PipelineOptions(suppression=Suppression(kind), **limits)
    spec = InputSpec.of(detector.graph, letter_box, fork == "alexeyab")
    (result,) = detector.results(open_source(source), options, spec)
    rows = zip(result.boxes.class_id, result.boxes.confidence, result.boxes.xywh, strict=True)
    found = [(NAMES[k], float(score), tuple(map(float, box))) for k, score, box in rows]
    return sorted(found, key=lambda row: -row[1])


def require_same(found: list[Row], expected: list[Row], tolerance: float = 1e-3) -> None:
    """Rows in one order: names equal, confidences nearly, boxes to parts of a pixel."""
    assert [row[0] for row in found] == [row[0] for row in expected]
    for one, other in zip(found, expected, strict=True):
        assert one[1] == pytest.approx(other[1], abs=1e-5)
        assert one[2] == pytest.approx(other[2], abs=tolerance)
