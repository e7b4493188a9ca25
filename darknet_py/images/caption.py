"""Lines of text in the corner of an image."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from darknet_py.images.io import Pixels
from darknet_py.images.label_text import FONT, Pen

WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def captioned(image_bgr: Pixels, lines: Sequence[str]) -> Pixels:
    """A copy of a BGR image (H, W, 3) with lines from its upper left corner on, white on a black
    outline so that they are read on anything."""
    canvas: Pixels = np.array(image_bgr, dtype=np.uint8, order="C")
    pen = Pen.of(canvas)
    height = cv2.getTextSize("Ag", FONT, pen.scale, pen.stroke)[0][1]
    for number, line in enumerate(lines):
        origin = (2 * pen.margin, (number + 1) * (2 * height) + pen.margin)
        for colour, stroke in ((BLACK, 3 * pen.stroke), (WHITE, pen.stroke)):
            cv2.putText(canvas, line, origin, FONT, pen.scale, colour, stroke, cv2.LINE_AA)
    return canvas
