"""chart.png: loss and mAP over the updates, drawn as AlexeyAB's program draws its chart."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from darknet_py.errors import DataError, Location
from darknet_py.images.io import open_image

logger = logging.getLogger(__name__)
Pixels = NDArray[np.uint8]
Points = NDArray[np.float64]

SIDE, MARGIN = 1000, 60
PLOT = SIDE - MARGIN
LINES = 100
LABELLED = 10
"""Every tenth line of the grid is darker and has a number."""
FONT, SCALE = cv2.FONT_HERSHEY_COMPLEX_SMALL, 0.7
WHITE, BLACK, LIGHT, DARK = (255,) * 3, (0,) * 3, (224,) * 3, (128,) * 3
BLUE, RED, NAVY = (255, 0, 0), (0, 0, 255), (100, 0, 0)
"""BGR, as OpenCV draws."""
STALE = ((15, PLOT + 18, SIDE, PLOT + 37), (0, 15, MARGIN - 1, 36))
"""Left, top, right, bottom of what a chart says of one moment: its footer, and the last mAP."""
LABEL_STEP = 0.1
"""A mAP is labelled when it is the best so far, or a tenth of the training after the last label."""


@dataclass(frozen=True)
class Curves:
    """losses: (K, 2) update and average loss; maps: (M, 2) update and `metric` in 0..1.

    updates: of the whole training, 0: for ever. top: the loss at the upper edge. metric: such as
    mAP. background: an older chart (1000, 1000, 3) BGR to draw on.
    """

    losses: Points
    maps: Points
    updates: int
    top: float
    metric: str = "mAP"
    background: Pixels | None = None

    @property
    def width(self) -> float:
        """Updates from edge to edge: of a training without end, those so far."""
        return float(self.updates or max(1, self.losses[:, 0].max(initial=0)))


def read_chart(path: str) -> Pixels | None:
    """The older chart in a file, to draw on, as BGR (1000, 1000, 3); None if there is no file.

    AlexeyAB's program then draws on an image without pixels and never has a chart.

    Raises ImageError for a file that is no image, DataError for one of another size.
    """
    if not os.path.lexists(path):
        logger.warning("-chart: %s is not there to go on with: a new chart is drawn", path)
        return None
    chart = open_image(path).decode_bgr()
    height, width = chart.shape[:2]
    if (width, height) != (SIDE, SIDE):
        message = f"is {width} x {height}, expected a chart of {SIDE} x {SIDE} pixels"
        raise DataError(f"{message}; without -chart a new one is drawn", Location(path))
    return chart


def draw(curves: Curves, footer: str) -> Pixels:
    """The chart as a BGR image (1000, 1000, 3)."""
    canvas = _new(curves) if curves.background is None else _old(curves.background)
    # Long trainings have far more updates than the chart has pixels.
    for x, y in np.unique(_to_pixels(curves.losses, curves.width, curves.top), axis=0):
        cv2.circle(canvas, (int(x), int(y)), 1, BLUE, cv2.FILLED)
    if len(curves.maps):
        _maps(canvas, curves)
    _text(canvas, footer, (15, PLOT + 33), NAVY)
    return canvas


def _new(curves: Curves) -> Pixels:
    canvas = np.full((SIDE, SIDE, 3), 255, np.uint8)
    _grid(canvas, curves)
    return canvas


def _old(background: Pixels) -> Pixels:
    """Its last line and its last mAP give way to those of now."""
    canvas = background.copy()
    for left, top, right, bottom in STALE:
        canvas[top:bottom, left:right] = WHITE
    return canvas


def _to_pixels(points: Points, width: float, top: float) -> NDArray[np.int64]:
    """(K, 2) pixels; what lies above the chart is drawn at its edge."""
    share = np.asarray(points).reshape(-1, 2) / (width, top)
    x, y = MARGIN + PLOT * share[:, 0], PLOT * (1 - share[:, 1])
    return np.stack([x.clip(MARGIN, SIDE - 1), y.clip(1, PLOT)], axis=1).astype(np.int64)


def _grid(canvas: Pixels, curves: Curves) -> None:
    for strong in (False, True):
        for number in range(LINES + 1):
            if (number % LABELLED == 0) != strong:
                continue
            offset, colour = round(PLOT * number / LINES), DARK if strong else LIGHT
            cv2.line(canvas, (MARGIN, offset), (SIDE, offset), colour)
            cv2.line(canvas, (MARGIN + offset, 0), (MARGIN + offset, PLOT), colour)
    for number in range(0, LINES + 1, LABELLED):
        offset = round(PLOT * number / LINES)
        height, share = curves.top * (1 - number / LINES), number / LINES
        if number:
            _text(canvas, f"{height:.3g}", (22, min(offset + 3, PLOT)), BLACK)
        left = min(MARGIN + offset - 20, SIDE - 55)
        _text(canvas, f"{curves.width * share:.0f}", (left, PLOT + 15), BLACK)
    _text(canvas, "Loss", (10, 60), BLUE)
    _text(canvas, "Iteration number", (PLOT // 2, SIDE - 10), BLACK)
    _text(canvas, f"in cfg max_batches={curves.updates}", (PLOT - 195, SIDE - 10), BLACK)


def _maps(canvas: Pixels, curves: Curves) -> None:
    points = _to_pixels(curves.maps, curves.width, 1.0)
    cv2.polylines(canvas, [points.astype(np.int32)], False, RED, 1, cv2.LINE_AA)
    _text(canvas, f"{curves.metric}%", (10, 12), RED)
    _text(canvas, f"{100 * curves.maps[-1, 1]:.1f}%", (10, 30), RED)
    for number in _labelled(curves):
        x, y = points[number]
        _text(canvas, f"{100 * curves.maps[number, 1]:.0f}%", (int(x) - 30, int(y) + 15), RED)


def _labelled(curves: Curves) -> Sequence[int]:
    chosen: list[int] = []
    best, last = -1.0, -float("inf")
    for number, (update, value) in enumerate(curves.maps):
        late = update - last >= LABEL_STEP * curves.width
        if late and (value > best or number == len(curves.maps) - 1):
            chosen.append(number)
            last = update
        best = max(best, value)
    return chosen


def _text(canvas: Pixels, text: str, origin: tuple[int, int], colour: tuple[int, ...]) -> None:
    cv2.putText(canvas, text, origin, FONT, SCALE, WHITE, 5, cv2.LINE_AA)
    cv2.putText(canvas, text, origin, FONT, SCALE, colour, 1, cv2.LINE_AA)
