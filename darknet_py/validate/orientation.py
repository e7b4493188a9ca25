"""Images that their EXIF data turns, and on which of the two ways round their labels were drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from darknet_py.augment.label_rules import LabelTable
from darknet_py.errors import Location
from darknet_py.forks import Fork
from darknet_py.images.exif import UPRIGHT
from darknet_py.images.header_record import ImageHeader, Size
from darknet_py.validate.issues import Issue

SIDECAR_BYTES = 1 << 16
GRID, DIGITS = 0.01, 1e-6
"""How far from whole pixels an edge may be that was drawn on them, and what six digits add."""
_SIDES = tuple(re.compile(rf"<{side}>\s*(\d{{1,6}})\s*</{side}>") for side in ("width", "height"))


def orientation_issues(
    image: str, header: ImageHeader | None, rows: LabelTable, fork: Fork
) -> Iterator[Issue]:
    """What to say of an image whose EXIF orientation is not upright, and of its labels (K, 5)."""
    if header is None or header.orientation == UPRIGHT:
        return
    upright = fork.images.upright
    width, height = header.size(upright)
    done = "turned upright" if upright else "read as it is stored"
    message = f"EXIF orientation {header.orientation}: {done}, {width} x {height} pixels"
    yield Issue("exif-orientation", Location(image), message, image)
    drawn = drawn_size(image, header, rows)
    if drawn is not None and drawn != (width, height):
        message = f"drawn on {drawn[0]} x {drawn[1]} pixels, the image is {message}"
        yield Issue("exif-labels", Location(image), message, image)


def drawn_size(image: str, header: ImageHeader, rows: LabelTable) -> Size | None:
    """The width and height of the image that labels (K, 5) were drawn on, None if nothing tells.

    A VOC annotation beside the image says it; else the edges of boxes that were drawn in pixels lie
    on whole ones in one of the two sizes only.
    """
    sizes = [header.size(honour_exif) for honour_exif in (False, True)]
    if sizes[0] == sizes[1]:
        return None
    told = _sidecar_size(Path(image))
    if told in sizes:
        return told
    fitting = [size for size in sizes if len(rows) and on_whole_pixels(rows, size)]
    return fitting[0] if len(fitting) == 1 else None


def on_whole_pixels(rows: LabelTable, size: Size) -> bool:
    """Whether all edges of the boxes lie on whole pixels of an image of this size."""
    sides = np.array(size, np.float64)
    middle, half = rows[:, 1:3] * sides, rows[:, 3:5] * sides / 2
    edges = np.concatenate([middle - half, middle + half], axis=1)
    off = np.abs(edges - np.round(edges))
    return bool((off <= GRID + DIGITS * np.tile(sides, 2)).all())


def _sidecar_size(image: Path) -> Size | None:
    """<size> of the image's VOC annotation, beside it or in the folder Annotations."""
    name = f"{image.stem}.xml"
    for path in (image.with_name(name), image.parent.parent / "Annotations" / name):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                text = file.read(SIDECAR_BYTES)
        except OSError:
            continue
        found = [side.search(text) for side in _SIDES]
        if found[0] and found[1]:
            return int(found[0][1]), int(found[1][1])
    return None
