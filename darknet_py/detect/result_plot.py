"""A result drawn: which boxes, in which colours, with which words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from darknet_py.detect.result_data import ResultData
from darknet_py.detect.result_text import track_words
from darknet_py.detect.wanted_classes import Classes, wanted_classes
from darknet_py.errors import DarknetError
from darknet_py.images.draw import AS_SUITS, DrawStyle, colour, paint
from darknet_py.images.io import Pixels
from darknet_py.images.label_text import Colour, can_write

INSTANCE_COLOURS = 60
"""Neighbouring numbers are far apart among so many: Darknet's rule goes 37 of 60 steps on."""
COLOUR_MODES = ("class", "instance")


@dataclass(frozen=True, kw_only=True)
class PlotOptions:
    """See Result.plot. Raises DarknetError for a colour mode that is none."""

    labels: bool = True
    conf: bool = True
    ids: bool = True
    classes: Classes | None = None
    color_mode: str = "class"
    style: DrawStyle = AS_SUITS

    def __post_init__(self) -> None:
        if self.color_mode not in COLOUR_MODES:
            expected = " or ".join(COLOUR_MODES)
            raise DarknetError(f"color_mode '{self.color_mode}': expected {expected}")


def plotted_image(result: ResultData, options: PlotOptions) -> Pixels:
    """A copy of the image with what the options say, uint8 (H, W, 3) BGR."""
    wanted = wanted_classes(options.classes, result.names)
    rows = [row for row in result.best() if wanted is None or _class(result, row) in wanted]
    rows.reverse()  # the most confident box is drawn last, on top
    labels = [box_label(result, row, options) if options.labels else "" for row in rows]
    colours = [_colour(result, row, options.color_mode) for row in rows]
    return paint(result.image, result.boxes.xyxy[rows], labels, colours, options.style)


def box_label(result: ResultData, row: int, options: PlotOptions) -> str:
    """`dog #3: 0.97, cat`: the class, the track, the confidence, and other classes of the box."""
    boxes = result.boxes
    same = np.flatnonzero(boxes.box == boxes.box[row]).tolist()
    others = sorted(set(same) & set(result.ranked()) - {row}) if len(same) > 1 else []
    track = track_words(result, row) if options.ids else ""
    confidence = f": {boxes.confidence[row]:.2f}" if options.conf else ""
    first = f"{_drawn_name(result, row)}{track}{confidence}"
    return ", ".join([first, *(_drawn_name(result, other) for other in others)])


def _drawn_name(result: ResultData, row: int) -> str:
    """The class's name, or its number where OpenCV has no letters for the name."""
    number = _class(result, row)
    name = result.name(number)
    return name if can_write(name) else f"class {number}"


def _class(result: ResultData, row: int) -> int:
    return int(result.boxes.class_id[row])


def _colour(result: ResultData, row: int, mode: str) -> Colour:
    if mode == "class":
        return colour(_class(result, row), len(result.names))
    tracks = result.boxes.track_id
    number = result.boxes.box[row] if tracks is None else tracks[row]
    return colour(int(number), INSTANCE_COLOURS)
