"""Words on images: sizes that suit the image, letters that the font has, and what fits in it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2

from darknet_py.images.io import Pixels

Colour = tuple[int, int, int]

FONT = cv2.FONT_HERSHEY_SIMPLEX
EVERY_SCRIPT = hasattr(cv2, "FontFace")
"""OpenCV 5 has the letters of living scripts, OpenCV 4 those of ASCII."""
# Latin letters that Unicode does not take apart.
APART = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"}
    | {"đ": "d", "Đ": "D", "ı": "i", "þ": "th", "Þ": "Th", "ð": "d", "–": "-", "’": "'"}
)
LAST_LETTER = 0xFFFF
"""Beyond it are the pictures (emoji) and dead scripts, which no version of OpenCV has."""
LONGEST_TEXT = 500
"""Letters of a label that are looked at."""
SMALLEST_SCALE = 0.3
"""Smaller letters cannot be read."""
LARGEST_STEP = 0.97
"""Of what letters are made smaller by, until they fit."""
DOTS = "..."
# Luminance of sRGB's red, green and blue.
LUMINANCE = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Pen:
    """Sizes in pixels that suit one image: of lines, of text strokes, of a label's margin.

    scale: of the letters, as cv2.putText takes it.
    """

    line: int
    stroke: int
    margin: int
    scale: float

    @staticmethod
    def of(pixels: Pixels, line: int | None = None, scale: float | None = None) -> Pen:
        """For an image (H, W, C); what is given stands."""
        side = min(pixels.shape[:2])
        return Pen(line or max(1, round(side / 250)), 1, 0, scale or 0).scaled(
            scale or max(0.4, side / 1000)
        )

    def scaled(self, scale: float) -> Pen:
        """The same lines with letters of another scale."""
        return replace(
            self, stroke=max(1, round(scale * 1.6)), margin=round(scale * 5), scale=scale
        )


@dataclass(frozen=True)
class Label:
    """Words and the strip they stand on. width, height: of the strip. base: from its top to the
    line the letters stand on."""

    text: str
    pen: Pen
    width: int
    height: int
    base: int

    def write(self, canvas: Pixels, left: int, top: int, bgr: Colour) -> None:
        """Paint the strip with its upper left corner there."""
        end = left + self.width - 1, top + self.height - 1
        cv2.rectangle(canvas, (left, top), end, bgr, cv2.FILLED)
        origin = left + self.pen.margin, top + self.base
        ink, pen = ink_on(bgr), self.pen
        cv2.putText(canvas, self.text, origin, FONT, pen.scale, ink, pen.stroke, cv2.LINE_AA)


@lru_cache(maxsize=4096)
def fitted_label(text: str, pen: Pen, width: int, height: int) -> Label | None:
    """A label for an image of that size: smaller letters where it is too long, then cut off.

    None where nothing fits.
    """
    text = plain(text[:LONGEST_TEXT])
    label = _label(text, pen)
    # Their size does not quite follow the scale: a few steps.
    while (label.width > width or label.height > height) and pen.scale > SMALLEST_SCALE:
        share = min(width / label.width, height / label.height, LARGEST_STEP)
        pen = pen.scaled(max(SMALLEST_SCALE, pen.scale * share))
        label = _label(text, pen)
    kept = len(text)
    while label.width > width and kept > 1:
        kept = min(kept - 1, int(kept * width / label.width))
        label = _label(text[:kept].rstrip() + DOTS, pen)
    return label if kept and label.width <= width and label.height <= height else None


def _label(text: str, pen: Pen) -> Label:
    (width, height), below = cv2.getTextSize(text, FONT, pen.scale, pen.stroke)
    strip = width + 2 * pen.margin, height + below + 2 * pen.margin
    return Label(text, pen, *strip, base=pen.margin + height)


def ink_on(bgr: Colour) -> Colour:
    """Black on a light colour, white on a dark one."""
    light = sum(weight * value for weight, value in zip(LUMINANCE, bgr[::-1], strict=True))
    return (0, 0, 0) if light > 127 else (255, 255, 255)


def plain(text: str, every_script: bool = EVERY_SCRIPT) -> str:
    """The text in letters that OpenCV can draw: where it has ASCII only, Latin letters lose their
    accents; what it has nothing for is a question mark."""
    if text.isascii() and text.isprintable():
        return text
    text = " ".join(text.split()) if text.strip() else text
    if not every_script:
        parts = unicodedata.normalize("NFKD", text.translate(APART))
        text = "".join(letter for letter in parts if not unicodedata.combining(letter))
    last = LAST_LETTER if every_script else 0x7F
    return "".join(letter if _drawn(letter, last) else "?" for letter in text)


def _drawn(letter: str, last: int) -> bool:
    return letter.isprintable() and ord(letter) <= last


def can_write(text: str, every_script: bool = EVERY_SCRIPT) -> bool:
    """Whether `plain` keeps all letters of a text."""
    return plain(text, every_script).count("?") == text.count("?")
