"""An image and its boxes, and which of them count: what every form of a result is made from."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from darknet_py.detect.result_boxes import Boxes, DetectedBox


@dataclass(frozen=True, eq=False, repr=False)
class ResultData:
    """The fields of `darknet_py.Result`, its rows one by one, and the order they are shown in."""

    path: str
    image: NDArray[np.uint8] = field(repr=False)
    boxes: Boxes
    names: Sequence[str] = field(repr=False)
    milliseconds: float = 0.0
    frame: int = 0
    time: float | None = None

    def __len__(self) -> int:
        return len(self.boxes)

    def __getitem__(self, row: int) -> DetectedBox:
        """A row of `boxes`, also counted from the end; raises IndexError when there is none."""
        alone = replace(self, boxes=self.boxes[operator.index(row)])
        return next(iter(alone))

    def __iter__(self) -> Iterator[DetectedBox]:
        boxes = self.boxes
        tracks = [None] * len(self) if boxes.track_id is None else boxes.track_id.tolist()
        columns = (boxes.class_id, boxes.confidence, boxes.xyxy, boxes.xywhn)
        rows = zip(*(column.tolist() for column in columns), tracks, strict=True)
        for class_id, confidence, xyxy, xywhn, track in rows:
            corners, shares = tuple(xyxy), tuple(xywhn)
            yield DetectedBox(self.name(class_id), class_id, confidence, corners, shares, track)

    def name(self, class_id: int) -> str:
        return self.names[class_id]

    def best(self, hidden: bool = False) -> list[int]:
        """The first row of each box in `ranked`: its most confident class."""
        first: dict[int, int] = {}
        for row in self.ranked(hidden):
            first.setdefault(int(self.boxes.box[row]), row)
        return list(first.values())

    def ranked(self, hidden: bool = False) -> list[int]:
        """Rows, the most confident first; only with `hidden` those whose name starts with
        dont_show, which are found and written as labels, but neither drawn nor printed."""
        rows = [row for row in range(len(self)) if hidden or self._shown(row)]
        return sorted(rows, key=lambda row: -self.boxes.confidence[row])

    def _shown(self, row: int) -> bool:
        return not self.name(int(self.boxes.class_id[row])).startswith("dont_show")
