"""An image with the boxes of its labels in pixels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from darknet_py.interchange.labelled_set import LabelledBox


@dataclass(frozen=True)
class SizedImage:
    """name: of its file, below the folder of its split. width, height: in pixels."""

    name: str
    split: str
    width: int
    height: int
    boxes: tuple[LabelledBox, ...]

    def corners(self) -> Iterator[tuple[int, float, float, float, float]]:
        """Class, left, top, right, bottom of each box in pixels from 0."""
        for class_id, x, y, w, h in self.boxes:
            left, top = (x - w / 2) * self.width, (y - h / 2) * self.height
            right, bottom = (x + w / 2) * self.width, (y + h / 2) * self.height
            yield class_id, left, top, right, bottom
