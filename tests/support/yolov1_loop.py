"""What `yolo` of the C programs finds, as plain loops over the raw output of a [detection] head."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from darknet_py import Network
from darknet_py.images.io import read_image
from darknet_py.images.tensors import prepare

Box = tuple[float, float, float, float]
"""Centre, width, height, as shares of the image."""


@dataclass
class PlainBox:
    box: Box
    confidence: float
    scores: list[float]


def raw_output(cfg: Path, weights: Path, image: Path) -> list[float]:
    """Of the head, for the stretched image."""
    network = Network.from_cfg(cfg)
    network.load_weights(weights)
    net = network.graph.net
    x = prepare(read_image(image), 3, net.width, net.height, letter_box=False)
    with torch.no_grad():
        (output,) = network(x[None])
    values: list[float] = output.flatten().tolist()
    return values


def boxes_of(
    values: list[float], side: int, num: int, classes: int, thresh: float
) -> list[PlainBox]:
    """All boxes, with scores of 0 where they are not above the threshold; sizes are squared."""
    cells, rows = side * side, []
    for cell in range(cells):
        for n in range(num):
            confidence = values[cells * classes + cell * num + n]
            at = cells * (classes + num) + (cell * num + n) * 4
            x, y, w, h = values[at : at + 4]
            products = [confidence * values[cell * classes + c] for c in range(classes)]
            scores = [p if p > thresh else 0.0 for p in products]
            box = ((x + cell % side) / side, (y + cell // side) / side, w * w, h * h)
            rows.append(PlainBox(box, confidence, scores))
    return rows


def suppress(rows: list[PlainBox], threshold: float) -> None:
    """Class by class the weaker of two boxes loses its score; in place."""
    for c in range(len(rows[0].scores)):
        order = sorted(rows, key=lambda row: -row.scores[c])
        for i, strong in enumerate(order):
            if strong.scores[c] == 0:
                continue
            for weak in order[i + 1 :]:
                if overlap(strong.box, weak.box) > threshold:
                    weak.scores[c] = 0.0


def overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    width = min(a[0] + a[2] / 2, b[0] + b[2] / 2) - max(a[0] - a[2] / 2, b[0] - b[2] / 2)
    height = min(a[1] + a[3] / 2, b[1] + b[3] / 2) - max(a[1] - a[3] / 2, b[1] - b[3] / 2)
    if width < 0 or height < 0:
        return 0.0
    return width * height / (a[2] * a[3] + b[2] * b[3] - width * height)


def corners_in_pixels(box: Box, width: int, height: int) -> Box:
    """Left, top, right, bottom, cut as `valid` cuts them."""
    x, y, w, h = box
    left, top = max(0.0, (x - w / 2) * width), max(0.0, (y - h / 2) * height)
    return left, top, min(width, (x + w / 2) * width), min(height, (y + h / 2) * height)
