"""What a detector returns: boxes as numpy arrays, and the image they lie on."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darknet_py.errors import DarknetError

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

JSON_FLOOR = 0.005
"""AlexeyAB's JSON leaves out what is not above this, whatever the threshold."""


@dataclass(frozen=True, eq=False)
class Boxes:
    """K found objects, one row per box and class above the threshold.

    xywhn: (K, 4) centre x, y, width, height relative to the image, not clipped to it.
    confidence: (K,) in (0, 1]. class_id: (K,). box: (K,) equal for rows that are one box with
    several classes. width, height: the image's size in pixels. track_id: (K,) numbers from 1 that
    an object keeps from frame to frame, 0 where it has none yet; None where nothing is tracked.
    """

    xywhn: Floats
    confidence: Floats
    class_id: Integers
    box: Integers
    width: int
    height: int
    track_id: Integers | None = None

    def __len__(self) -> int:
        return len(self.class_id)

    @property
    def xywh(self) -> Floats:
        """(K, 4) centre x, y, width, height in pixels."""
        return self.xywhn * self._pixels

    @property
    def xyxyn(self) -> Floats:
        """(K, 4) left, top, right, bottom relative to the image."""
        middle, half = self.xywhn[:, :2], self.xywhn[:, 2:] / 2
        return np.concatenate([middle - half, middle + half], axis=1)

    @property
    def xyxy(self) -> Floats:
        """(K, 4) left, top, right, bottom in pixels of the original image."""
        return self.xyxyn * self._pixels

    @property
    def _pixels(self) -> Floats:
        return np.array([self.width, self.height] * 2, np.float32)

    def select(self, rows: Any) -> Boxes:
        """The rows of a mask or an index, in its order."""
        kept = (self.xywhn[rows], self.confidence[rows], self.class_id[rows], self.box[rows])
        tracks = None if self.track_id is None else self.track_id[rows]
        return Boxes(*kept, self.width, self.height, tracks)


@dataclass(frozen=True, eq=False)
class Result:
    """The objects of one image.

    path: where it came from ("" for an array). image: BGR uint8 (H, W, 3). names: class names.
    milliseconds: forward time of this image. frame: its number in its source, from 0. time: seconds
    from the start of the video, camera or stream it is a frame of; None for a still image.
    """

    path: str
    image: NDArray[np.uint8] = field(repr=False)
    boxes: Boxes
    names: Sequence[str] = field(repr=False)
    milliseconds: float = 0.0
    frame: int = 0
    time: float | None = None

    def __len__(self) -> int:
        return len(self.boxes)

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

    def plot(self) -> NDArray[np.uint8]:
        """The image with labelled boxes in class colours, BGR uint8 (H, W, 3)."""
        from darknet_py.images.draw import draw

        rows = self.best()[::-1]  # the most confident box is drawn last, on top
        chosen = self.boxes.select(rows)
        labels = [self._label(row) for row in rows]
        return draw(self.image, chosen.xyxy, labels, chosen.class_id, len(self.names))

    def _label(self, row: int) -> str:
        same = np.flatnonzero(self.boxes.box == self.boxes.box[row])
        others = [other for other in same.tolist() if other != row and self._shown(other)]
        names = [self.name(int(self.boxes.class_id[other])) for other in others]
        text = f"{self.name(int(self.boxes.class_id[row]))}: {self.boxes.confidence[row]:.2f}"
        return ", ".join([text, *names])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the labelled image; raises OutputError when that is not possible."""
        from darknet_py.images.draw import save_image

        save_image(path, self.plot())

    def to_json(self, frame: int = 1, named: bool = True) -> str:
        """The objects in the layout of AlexeyAB's `-out` file, as JSON text.

        frame: the entry's number. named: with the path, if there is one. Strings are escaped, which
        the C program forgets.
        """
        objects = ", \n".join(self._json_object(row) for row in self._json_rows())
        name = f' "filename":{json.dumps(self.path)}, \n' if self.path and named else ""
        return f'{{\n "frame_id":{frame}, \n{name} "objects": [ \n{objects}\n ] \n}}'

    def _json_rows(self) -> list[int]:
        shown = set(self.ranked())
        return [r for r in range(len(self)) if r in shown and self.boxes.confidence[r] > JSON_FLOOR]

    def _json_object(self, row: int) -> str:
        class_id = int(self.boxes.class_id[row])
        keys = ("center_x", "center_y", "width", "height")
        values = zip(keys, self.boxes.xywhn[row], strict=True)
        coordinates = ", ".join(f'"{key}":{value:f}' for key, value in values)
        name, confidence = json.dumps(self.name(class_id)), self.boxes.confidence[row]
        tracks = self.boxes.track_id
        track = "" if tracks is None else f', "track_id":{tracks[row]}'
        return (
            f'  {{"class_id":{class_id}, "name":{name}, '
            f'"relative_coordinates":{{{coordinates}}}, "confidence":{confidence:f}{track}}}'
        )

    def to_dict(self) -> dict[str, Any]:
        """The same as `to_json`, parsed."""
        parsed: dict[str, Any] = json.loads(self.to_json())
        return parsed

    def to_supervision(self) -> Any:
        """A supervision.Detections; raises DarknetError when that package is not installed."""
        try:
            import supervision
        except ImportError:
            message = "to_supervision() needs the package supervision: pip install supervision"
            raise DarknetError(message) from None
        names = np.array([self.name(int(c)) for c in self.boxes.class_id])
        return supervision.Detections(
            xyxy=self.boxes.xyxy,
            confidence=self.boxes.confidence,
            class_id=self.boxes.class_id,
            data={"class_name": names},
        )
