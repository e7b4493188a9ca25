"""What darknet.py makes of boxes it has found: lines, drawings, corners, percent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from darknet_py.compat.library_lines import print_lines

Bbox = tuple[float, float, float, float]
Decoded = tuple[str, str, Bbox]
Row = TypeVar("Row", bound=Sequence[Any])

PLAIN = "{0}: {1}%"
WITH_COORDINATES = (
    "{0}: {1}%    (left_x: {2:.0f}   top_y:  {3:.0f}   width:   {4:.0f}   height:  {5:.0f})"
)
"""What is called left_x and top_y is the centre, as in C."""


def bbox2points(bbox: Sequence[float]) -> tuple[int, int, int, int]:
    """xmin, ymin, xmax, ymax in whole pixels of centre x, y, width, height."""
    x, y, w, h = bbox
    return round(x - w / 2), round(y - h / 2), round(x + w / 2), round(y + h / 2)


def decode_detection(detections: Iterable[tuple[Any, float, Bbox]]) -> list[Decoded]:
    """(name, percent, box) with a score of 0 to 1 as a text such as "97.53"."""
    return [(str(label), str(round(score * 100, 2)), bbox) for label, score, bbox in detections]


def print_detections(detections: Iterable[Decoded], coordinates: bool = False) -> None:
    """Print the boxes under the line `Objects:`, on request with their places."""
    form = WITH_COORDINATES if coordinates else PLAIN
    print_lines(
        "\nObjects:", *(form.format(label, score, *box) for label, score, box in detections)
    )


def draw_boxes(
    detections: Iterable[tuple[str, Any, Bbox]],
    image: NDArray[np.uint8],
    colors: Mapping[str, Sequence[int]],
) -> NDArray[np.uint8]:
    """The image (H, W, 3) itself, with boxes, names and confidences painted on it."""
    for label, confidence, bbox in detections:
        left, top, right, bottom = bbox2points(bbox)
        color, text = tuple(colors[label]), f"{label} [{float(confidence):.2f}]"
        cv2.rectangle(image, (left, top), (right, bottom), color, 1)
        cv2.putText(image, text, (left, top - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.5, color, 2)
    return image


def non_max_suppression_fast(detections: Sequence[Row], overlap_thresh: float) -> list[Row]:
    """Those of the detections (any, any, any, (x, y, w, h)) that are left, the lowest edge first.

    Each takes those above it of which it covers more than `overlap_thresh`.
    """
    boxes = np.array([row[3] for row in detections], np.float64).reshape(-1, 4)
    low, high = boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2
    area = np.prod(high - low + 1, axis=1)
    rest, picked = np.argsort(high[:, 1]), []
    while len(rest):
        lowest, rest = rest[-1], rest[:-1]
        picked.append(detections[lowest])
        shared = np.minimum(high[lowest], high[rest]) - np.maximum(low[lowest], low[rest]) + 1
        rest = rest[~(np.prod(np.maximum(shared, 0), axis=1) / area[rest] > overlap_thresh)]
    return picked
