"""A page of small images, each with its boxes and a caption."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from darknet_py.images.io import Pixels
from darknet_py.images.label_places import LabelPlaces
from darknet_py.images.label_text import FONT, Colour, ink_on, plain

INK, PAPER, FRAME = (30, 30, 30), (255, 255, 255), (225, 225, 225)
TEXT_SCALE, LINE_HEIGHT, GAP = 0.42, 17, 10
FAR = 4.0
"""Coordinates are cut at this many image sizes: OpenCV draws in small integers."""


@dataclass(frozen=True)
class BoxMark:
    """A box: left, top, right, bottom relative to the image (also beyond it), colour, words.

    thick: a wider line, for boxes that matter.
    """

    box: tuple[float, float, float, float]
    colour: Colour
    words: str = ""
    thick: bool = False

    @staticmethod
    def of_label(
        xywh: Sequence[float], colour: Colour, words: str = "", thick: bool = False
    ) -> BoxMark:
        """xywh: centre x, y, width, height relative to the image, as label files have them."""
        x, y, w, h = xywh
        return BoxMark((x - w / 2, y - h / 2, x + w / 2, y + h / 2), colour, words, thick)


@dataclass(frozen=True)
class SheetTile:
    """A BGR image (H, W, 3), or None for an empty one; its boxes; the lines under it."""

    image: Pixels | None
    marks: tuple[BoxMark, ...] = ()
    caption: tuple[str, ...] = ()


@dataclass(frozen=True)
class SheetStyle:
    """Sizes in pixels. width, height: room for an image. lines: of captions, longer ones are cut.

    margin: share of that room left around an image, where boxes beyond its edges are drawn.
    """

    columns: int = 4
    width: int = 400
    height: int = 300
    lines: int = 4
    margin: float = 0.06


def contact_sheet(
    tiles: Sequence[SheetTile],
    title: str = "",
    style: SheetStyle | None = None,
    legend: Sequence[tuple[Colour, str]] = (),
) -> Pixels:
    """A BGR page (H, W, 3) of the tiles, row by row, under a title; legend: colours, and what boxes
    of them are."""
    style = style or SheetStyle()
    columns = max(1, min(style.columns, len(tiles)))
    painted = [_painted(tile, style) for tile in tiles]
    blank = np.full((*_tile_size(style), 3), PAPER, np.uint8)
    painted += [blank] * (-len(painted) % columns)
    rows = [np.hstack(painted[at : at + columns]) for at in range(0, len(painted), columns)]
    width = columns * _tile_size(style)[1]
    head = [_text_strip([title], width, 1)] + ([_legend_strip(legend, width)] if legend else [])
    return np.ascontiguousarray(np.vstack([*head, *rows]))


def _tile_size(style: SheetStyle) -> tuple[int, int]:
    """Height and width of a tile with its caption and the gap around it."""
    return style.height + style.lines * LINE_HEIGHT + 2 * GAP, style.width + GAP


def _painted(tile: SheetTile, style: SheetStyle) -> Pixels:
    canvas = np.full((*_tile_size(style), 3), PAPER, np.uint8)
    room = canvas[: style.height, : style.width]
    room[:] = FRAME
    if tile.image is not None:
        _paint_image(room, tile.image, tile.marks, style.margin)
    caption = canvas[style.height : style.height + style.lines * LINE_HEIGHT + GAP, : style.width]
    caption[:] = _text_strip(tile.caption, style.width, style.lines)[: len(caption)]
    return canvas


def _paint_image(room: Pixels, image: Pixels, marks: Sequence[BoxMark], margin: float) -> None:
    height, width = image.shape[:2]
    scale = (1 - 2 * margin) * min(room.shape[0] / height, room.shape[1] / width)
    inner = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (room.shape[1] - inner[0]) // 2, (room.shape[0] - inner[1]) // 2
    shrunk = cv2.resize(image, inner, interpolation=cv2.INTER_AREA)
    room[top : top + inner[1], left : left + inner[0]] = shrunk
    # Boxes that matter are painted over the others, and all words over all boxes.
    ordered = sorted(marks, key=lambda mark: mark.thick)
    boxes = [_in_pixels(mark, inner, (left, top), room) for mark in ordered]
    for mark, box in zip(ordered, boxes, strict=True):
        cv2.rectangle(room, box[:2], box[2:], mark.colour, 2 if mark.thick else 1)
    places = LabelPlaces(boxes, room.shape[1], room.shape[0])
    for mark, box in zip(ordered, boxes, strict=True):
        if mark.words:
            _write_words(room, mark, box, places)


def _in_pixels(
    mark: BoxMark, inner: tuple[int, int], corner: tuple[int, int], room: Pixels
) -> list[int]:
    """Left, top, right, bottom of a box in the room, for an image of this size in that corner."""
    corners = np.clip(mark.box, -FAR, FAR).reshape(2, 2)
    points = np.rint(corners * inner + corner).astype(int)
    points = np.clip(points, 1, (room.shape[1] - 2, room.shape[0] - 2))
    box: list[int] = points.ravel().tolist()
    return box


def _write_words(room: Pixels, mark: BoxMark, box: list[int], places: LabelPlaces) -> None:
    words = plain(mark.words)
    (width, height), _ = cv2.getTextSize(words, FONT, TEXT_SCALE, 1)
    size = width + 4, height + 4
    left, top = places.take(box, size)
    end = left + size[0], top + size[1]
    cv2.rectangle(room, (left, top), end, mark.colour, cv2.FILLED)
    cv2.putText(
        room, words, (left + 2, end[1] - 3), FONT, TEXT_SCALE, ink_on(mark.colour), 1, cv2.LINE_AA
    )


def _legend_strip(legend: Sequence[tuple[Colour, str]], width: int) -> Pixels:
    """A box of each colour with its words; what finds no room is cut off."""
    strip = np.full((LINE_HEIGHT + GAP, width, 3), PAPER, np.uint8)
    left = 4
    for colour, words in legend:
        cv2.rectangle(strip, (left, 3), (left + 18, LINE_HEIGHT - 2), colour, 2)
        origin = (left + 26, LINE_HEIGHT - 3)
        cv2.putText(strip, plain(words), origin, FONT, TEXT_SCALE, INK, 1, cv2.LINE_AA)
        left += 26 + cv2.getTextSize(plain(words), FONT, TEXT_SCALE, 1)[0][0] + 24
    return strip


def _text_strip(paragraphs: Sequence[str], width: int, lines: int) -> Pixels:
    """`lines` lines of text on paper, with a gap below; what is too long ends in dots."""
    strip = np.full((lines * LINE_HEIGHT + GAP, width, 3), PAPER, np.uint8)
    wide = cv2.getTextSize("n" * 40, FONT, TEXT_SCALE, 1)[0][0] / 40
    fitting = max(8, int((width - 8) / wide))
    wrapped = [line for text in paragraphs for line in textwrap.wrap(plain(text), fitting)]
    if len(wrapped) > lines:
        wrapped[lines - 1 :] = [wrapped[lines - 1][: fitting - 4] + " ..."]
    for number, line in enumerate(wrapped):
        origin = (4, (number + 1) * LINE_HEIGHT - 3)
        cv2.putText(strip, line, origin, FONT, TEXT_SCALE, INK, 1, cv2.LINE_AA)
    return strip
