"""Boxes and labels painted on an image, and the image written to a file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from darknet_py.errors import DarknetError, OutputError
from darknet_py.files import replacing
from darknet_py.images.io import PathName, Pixels
from darknet_py.images.label_places import LabelPlaces, Spot
from darknet_py.images.label_text import Colour, Label, Pen, fitted_label

# Darknet's table; its rows are mixed to give every class a colour (column 2 is red, 0 blue).
COLOURS = ((1, 0, 1), (0, 0, 1), (0, 1, 1), (0, 1, 0), (1, 1, 0), (1, 0, 0))
QUALITY_FLAGS = {
    ".jpg": cv2.IMWRITE_JPEG_QUALITY,
    ".jpeg": cv2.IMWRITE_JPEG_QUALITY,
    ".webp": cv2.IMWRITE_WEBP_QUALITY,
}
THICKEST, LARGEST_SCALE = 1000, 100.0


@dataclass(frozen=True, kw_only=True)
class DrawStyle:
    """line_width: of boxes in pixels, 1 to 1000. font_scale: of letters as cv2.putText takes it,
    above 0 to 100 (1: about 22 pixels high). None: as suits the image. boxes: draw them, and not
    their labels alone.

    Raises DarknetError for other values.
    """

    line_width: int | None = None
    font_scale: float | None = None
    boxes: bool = True

    def __post_init__(self) -> None:
        line, scale = self.line_width, self.font_scale
        if line is not None and not 1 <= line <= THICKEST:
            raise DarknetError(f"line_width {line}: expected 1 to {THICKEST} pixels")
        if scale is not None and not 0 < scale <= LARGEST_SCALE:
            raise DarknetError(f"font_scale {scale}: expected above 0 to {LARGEST_SCALE:g}")


AS_SUITS = DrawStyle()


def colour(class_id: int, classes: int) -> Colour:
    """Darknet's colour of a class as blue, green, red in 0..255."""
    position = (class_id * 123457 % classes) / classes * 5
    low, high = math.floor(position), math.ceil(position)
    part = position - low
    blue, green, red = (
        int(255 * ((1 - part) * COLOURS[low][channel] + part * COLOURS[high][channel]))
        for channel in range(3)
    )
    return blue, green, red


def draw(
    image_bgr: Pixels,
    boxes_xyxy: npt.ArrayLike,
    labels: Sequence[str],
    class_ids: npt.ArrayLike,
    classes: int,
) -> Pixels:
    """A copy of a BGR image (H, W, 3) with labelled boxes, the later ones on top.

    boxes_xyxy: (N, 4) left, top, right, bottom in pixels, cut at the edges of the image;
    labels and class_ids: one per box, an empty label draws none; classes: how many there are.
    """
    colours = [colour(number, classes) for number in np.asarray(class_ids, int).tolist()]
    return paint(image_bgr, boxes_xyxy, labels, colours)


def paint(
    image_bgr: Pixels,
    boxes_xyxy: npt.ArrayLike,
    labels: Sequence[str],
    colours: Sequence[Colour],
    style: DrawStyle = AS_SUITS,
) -> Pixels:
    """The same with a colour for each box, as blue, green, red in 0..255.

    Labels are on top of all boxes, inside the image, each where it hides least of the boxes and of
    other labels; the highest box has the first choice, and the last label is on top. One that is
    too long is written smaller, then cut; on an image too small for any letters there are none.
    """
    canvas: Pixels = np.array(image_bgr, dtype=np.uint8, order="C")
    pen, boxes = Pen.of(canvas, style.line_width, style.font_scale), _whole(boxes_xyxy, canvas)
    # One call of OpenCV per box and label: it has no other way to paint them.
    for box, bgr in zip(boxes, colours, strict=True):
        if style.boxes:
            cv2.rectangle(canvas, box[:2], box[2:], bgr, pen.line)
    _write_labels(canvas, boxes, labels, colours, pen)
    return canvas


def _write_labels(
    canvas: Pixels,
    boxes: list[list[int]],
    labels: Sequence[str],
    colours: Sequence[Colour],
    pen: Pen,
) -> None:
    height, width = canvas.shape[:2]
    half = pen.line // 2
    outer = [[left - half, top - half, r + half, b + half] for left, top, r, b in boxes]
    places = LabelPlaces(outer, width, height)
    placed: list[tuple[Label, Spot] | None] = [None] * len(outer)
    # From above to below: that order stays from frame to frame, and so do the places.
    rows = zip(outer, labels, range(len(outer)), strict=True)
    for box, text, row in sorted(rows, key=lambda one: one[0][1::-1]):
        label = fitted_label(text, pen, width, height) if text else None
        if label:
            placed[row] = label, places.take(box, (label.width, label.height))
    for each, bgr in zip(placed, colours, strict=True):
        if each:
            each[0].write(canvas, *each[1], bgr)


def save_image(path: PathName, bgr: Pixels, quality: int = 80) -> None:
    """Write a BGR image in the format of the path's suffix, all of it or nothing.

    quality: 1..100, for JPEG and WebP; the other formats lose nothing.

    Raises OutputError when the format is unknown or the file cannot be written.
    """
    target = Path(path)
    data = _encoded(target, bgr, quality)
    # A drawing can be drawn again; a flush of each would cost a folder of images over 1 %.
    with replacing(target, durable=False) as file:
        file.write(data)


def _whole(boxes: npt.ArrayLike, canvas: Pixels) -> list[list[int]]:
    """Boxes in whole pixels inside the image, as Darknet cuts them: towards 0, then the edges."""
    height, width = canvas.shape[:2]
    edges = np.array((width - 1, height - 1, width - 1, height - 1))
    values = np.asarray(boxes, np.float64).reshape(-1, 4)
    finite = np.nan_to_num(values, nan=0.0, posinf=1e9, neginf=-1e9)
    cut: list[list[int]] = np.clip(np.trunc(finite), 0, edges).astype(int).tolist()
    return cut


def _encoded(target: Path, bgr: Pixels, quality: int) -> bytes:
    suffix = target.suffix.lower()
    flag = QUALITY_FLAGS.get(suffix)
    try:
        done, data = cv2.imencode(suffix, bgr, [] if flag is None else [flag, quality])
    except cv2.error:
        done = False
    if not done:
        raise OutputError(f"{target}: images cannot be written as '{suffix}'; use .jpg or .png")
    return bytes(data.data)
