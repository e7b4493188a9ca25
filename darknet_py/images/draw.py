"""Boxes and labels painted on an image, and the image written to a file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from darknet_py.errors import OutputError
from darknet_py.files import replacing
from darknet_py.images.io import PathName, Pixels
from darknet_py.images.label_places import LabelPlaces

Colour = tuple[int, int, int]

# Darknet's table; its rows are mixed to give every class a colour (column 2 is red, 0 blue).
COLOURS = ((1, 0, 1), (0, 0, 1), (0, 1, 1), (0, 1, 0), (1, 1, 0), (1, 0, 0))
FONT = cv2.FONT_HERSHEY_SIMPLEX
# Luminance of sRGB's red, green and blue.
LUMINANCE = (0.299, 0.587, 0.114)
QUALITY_FLAGS = {
    ".jpg": cv2.IMWRITE_JPEG_QUALITY,
    ".jpeg": cv2.IMWRITE_JPEG_QUALITY,
    ".webp": cv2.IMWRITE_WEBP_QUALITY,
}


@dataclass(frozen=True)
class Pen:
    """Sizes in pixels that suit one image: of lines, of text strokes, of a label's margin."""

    line: int
    stroke: int
    margin: int
    scale: float

    @staticmethod
    def of(pixels: Pixels) -> Pen:
        side = min(pixels.shape[:2])
        scale = max(0.4, side / 1000)
        return Pen(max(1, round(side / 250)), max(1, round(scale * 1.6)), round(scale * 5), scale)


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


def paint_apart(
    image_bgr: Pixels, boxes_xyxy: npt.ArrayLike, labels: Sequence[str], colours: Sequence[Colour]
) -> Pixels:
    """The same with a colour for each box, as blue, green, red in 0..255, and each label where it
    hides least of the boxes and of other labels."""
    canvas: Pixels = np.array(image_bgr, dtype=np.uint8, order="C")
    pen, boxes = Pen.of(canvas), _whole(boxes_xyxy, canvas)
    places = LabelPlaces(boxes, canvas.shape[1], canvas.shape[0])
    for box, bgr in zip(boxes, colours, strict=True):
        cv2.rectangle(canvas, box[:2], box[2:], bgr, pen.line)
    for box, label, bgr in zip(boxes, labels, colours, strict=True):
        if label:
            _write_at(canvas, places.take(box, _strip_of(label, pen)), label, bgr, pen)
    return canvas


def paint(
    image_bgr: Pixels, boxes_xyxy: npt.ArrayLike, labels: Sequence[str], colours: Sequence[Colour]
) -> Pixels:
    """The same with a colour for each box, as blue, green, red in 0..255."""
    canvas: Pixels = np.array(image_bgr, dtype=np.uint8, order="C")
    pen = Pen.of(canvas)
    # One call of OpenCV per box and label: it has no other way to paint them.
    for box, label, bgr in zip(_whole(boxes_xyxy, canvas), labels, colours, strict=True):
        cv2.rectangle(canvas, box[:2], box[2:], bgr, pen.line)
        if label:
            _write_label(canvas, box, label, bgr, pen)
    return canvas


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


def _write_label(canvas: Pixels, box: list[int], label: str, bgr: Colour, pen: Pen) -> None:
    """Text on a filled strip above the box, or inside it where there is no room above."""
    strip = _strip_of(label, pen)
    above = box[1] - pen.line // 2 - strip[1]
    left = max(0, min(box[0] - pen.line // 2, canvas.shape[1] - strip[0]))
    top = above if above >= 0 else min(box[1], max(0, canvas.shape[0] - strip[1]))
    _write_at(canvas, (left, top), label, bgr, pen)


def _strip_of(label: str, pen: Pen) -> tuple[int, int]:
    """Width and height of the strip under a label."""
    (width, height), baseline = cv2.getTextSize(label, FONT, pen.scale, pen.stroke)
    return width + 2 * pen.margin, height + baseline + 2 * pen.margin


def _write_at(canvas: Pixels, spot: tuple[int, int], label: str, bgr: Colour, pen: Pen) -> None:
    (left, top), strip = spot, _strip_of(label, pen)
    height = cv2.getTextSize(label, FONT, pen.scale, pen.stroke)[0][1]
    cv2.rectangle(canvas, (left, top), (left + strip[0], top + strip[1]), bgr, cv2.FILLED)
    origin = (left + pen.margin, top + pen.margin + height)
    cv2.putText(canvas, label, origin, FONT, pen.scale, ink_on(bgr), pen.stroke, cv2.LINE_AA)


def ink_on(bgr: Colour) -> Colour:
    """Black on a light colour, white on a dark one."""
    light = sum(weight * value for weight, value in zip(LUMINANCE, bgr[::-1], strict=True))
    return (0, 0, 0) if light > 127 else (255, 255, 255)


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
