"""Classes of pixels painted over an image, in the colours that pjreddie's program shows them in."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from darknet_py.images.draw import colour
from darknet_py.images.io import Pixels
from darknet_py.images.label_text import FONT, Colour, Pen, ink_on, plain
from darknet_py.images.letterbox import Placement

Floats = NDArray[np.float32]

PAINT = 0.6
"""How much of a pixel the colour of a class with score 1 takes."""
SURE = 0.5
"""The score from which on a pixel counts as one of its class."""
LEAST_SHARE = 1 / 200
"""Of the image's pixels a class must have to be named."""

MOST_LINES = 8
"""Lines of text in the height of an image that is large enough for names."""


def enlarged(score: Floats, reduction: int) -> Floats:
    """A map (h, w) at the size of the input it was taken from, every `reduction`-th pixel of it."""
    height, width = score.shape[0] * reduction, score.shape[1] * reduction
    matrix = np.array([[1 / reduction, 0, 0], [0, 1 / reduction, 0]])
    warped = cv2.warpAffine(
        np.ascontiguousarray(score),
        matrix,
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(warped, np.float32)


def of_image(score: Floats, placement: Placement) -> Floats:
    """The part of a map (net height, net width) that shows the image inside the input."""
    (left, top), (width, height) = placement.offset, placement.scaled
    return np.ascontiguousarray(score[top : top + height, left : left + width])


def stretched_to(score: Floats, image: Pixels) -> Floats:
    """A map of an image at the size of the image (H, W, C)."""
    size = (image.shape[1], image.shape[0])
    return np.asarray(cv2.resize(score, size, interpolation=cv2.INTER_LINEAR), np.float32)


def best_classes(scores: Sequence[Floats]) -> tuple[NDArray[np.int64], Floats]:
    """The class of the highest score of each pixel and that score, of one map (H, W) a class."""
    number = np.zeros(scores[0].shape, np.int64)
    best = scores[0]
    for index, score in enumerate(scores[1:], start=1):
        number[score > best] = index
        best = np.maximum(best, score)
    return number, best


def paint_region(canvas: Pixels, share: Floats, bgr: Colour) -> None:
    """Colour a BGR image (H, W, 3) where `share` (H, W) in 0..1 is above 0, as much as it says."""
    rows, columns = np.flatnonzero(share.any(axis=1)), np.flatnonzero(share.any(axis=0))
    if not len(rows):
        return
    window = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    part = PAINT * np.clip(share[window], 0, 1)[..., None]
    mixed = canvas[window] * (1 - part) + np.array(bgr, np.float32) * part
    canvas[window] = np.rint(mixed).astype(np.uint8)


def outline(canvas: Pixels, inside: NDArray[np.bool_], bgr: Colour) -> None:
    """Draw the edge of a region (H, W)."""
    edges, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    cv2.drawContours(canvas, edges, -1, bgr, Pen.of(canvas).line, cv2.LINE_AA)


def name_region(canvas: Pixels, inside: NDArray[np.bool_], words: str, bgr: Colour) -> None:
    """Write words where a region (H, W) is widest; nothing where they would hide a small image."""
    depth = cv2.distanceTransform(np.pad(inside, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    pen, words = Pen.of(canvas), plain(words)
    (width, height), below = cv2.getTextSize(words, FONT, pen.scale, pen.stroke)
    if width > canvas.shape[1] / 2 or height > canvas.shape[0] / MOST_LINES:
        return
    left = max(0, min(int(x) - width // 2, canvas.shape[1] - width - 2 * pen.margin))
    top = max(0, min(int(y) - height // 2, canvas.shape[0] - height - below - 2 * pen.margin))
    right, bottom = left + width + 2 * pen.margin, top + height + below + 2 * pen.margin
    cv2.rectangle(canvas, (left, top), (right, bottom), bgr, cv2.FILLED)
    origin = (left + pen.margin, top + pen.margin + height)
    cv2.putText(canvas, words, origin, FONT, pen.scale, ink_on(bgr), pen.stroke, cv2.LINE_AA)


def draw_classes(image_bgr: Pixels, scores: Sequence[Floats], names: Sequence[str]) -> Pixels:
    """A copy of a BGR image with the best class of every pixel over it, and the classes' names.

    scores: a map of the whole image, in any size, for each class. A low score colours little.
    """
    canvas: Pixels = np.array(image_bgr, np.uint8, order="C")
    numbers, best = best_classes(scores)
    # The maps are small; at the image's size there is one at a time.
    shares = {int(one): np.where(numbers == one, best, np.float32(0)) for one in np.unique(numbers)}
    for number, share in shares.items():
        paint_region(canvas, stretched_to(share, canvas), colour(number, len(scores)))
    for number, share in shares.items():
        if (share >= SURE).mean() >= LEAST_SHARE:
            sure = stretched_to(share, canvas) >= SURE
            name_region(canvas, sure, names[number], colour(number, len(scores)))
    return canvas
