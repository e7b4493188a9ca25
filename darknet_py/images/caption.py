"""Lines of text in the corner of an image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from darknet_py.images.io import Pixels
from darknet_py.images.label_text import Pen, fitted_label

BLACK = (0, 0, 0)


def captioned(image_bgr: Pixels, lines: Sequence[str]) -> Pixels:
    """A copy of a BGR image (H, W, 3) with lines from its upper left corner on, white on black
    strips; those that there is no room for are left out."""
    canvas: Pixels = np.array(image_bgr, dtype=np.uint8, order="C")
    height, width = canvas.shape[:2]
    pen, top = Pen.of(canvas), 0
    for line in lines:
        label = fitted_label(line, pen, width, height - top)
        if label is None:
            break
        label.write(canvas, 0, top, BLACK)
        top += label.height
    return canvas
