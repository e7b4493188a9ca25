"""DetectionModel: classes, confidences and boxes of a frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from darknet_py.dnn.either_shape import either_shape
from darknet_py.dnn.frame_model import FrameModel
from darknet_py.dnn.head_rows import Rows
from darknet_py.dnn.opencv_error import OpenCvError

if TYPE_CHECKING:
    from typing_extensions import Self

HEAD_TYPE = "Region"


class _Found(NamedTuple):
    """class_id (K,) int32, confidence (K,) float32, and boxes (K, 4) int32: left, top, width,
    height in pixels of the frame."""

    class_id: NDArray[np.int32]
    confidence: NDArray[np.float32]
    boxes: NDArray[np.int32]

    def select(self, index: NDArray[Any]) -> _Found:
        return _Found(self.class_id[index], self.confidence[index], self.boxes[index])


class DetectionModel(FrameModel):
    """OpenCV's DetectionModel. Its net's heads suppress nothing by themselves any more."""

    def __init__(self, model: Any = None, config: Any = "", *, network: Any = None) -> None:
        super().__init__(model, config, network=network)
        self.net.disable_region_nms()
        self._across_classes = False

    def setNmsAcrossClasses(self, value: bool) -> Self:
        """Whether boxes of different classes suppress each other."""
        self._across_classes = bool(value)
        return self

    def getNmsAcrossClasses(self) -> bool:
        return self._across_classes

    def detect(self, frame: Any, confThreshold: float = 0.5, nmsThreshold: float = 0.0) -> Any:
        """classIds (K,) int32, confidences (K,) float32, boxes (K, 4) int32 left, top, width,
        height in pixels of the frame; three empty tuples where nothing is found.

        A box has its best class alone. nmsThreshold: IoU above which the weaker box goes, 0 for
        none. Classes come in ascending order, boxes of a class by falling confidence; without
        suppression everything in the order of the heads. Raises OpenCvError for a network that
        does not end in a detection head.
        """
        if self.net.last_layer.type != HEAD_TYPE:
            raise OpenCvError("detect: the network does not end in a detection head")
        height, width = np.shape(frame.get() if isinstance(frame, cv2.UMat) else frame)[:2] or (
            0,
            0,
        )
        outputs = self.predict(frame)
        found = _found(np.concatenate(outputs), width, height, confThreshold)
        if nmsThreshold:
            index = self._kept(found, confThreshold, nmsThreshold)
            found = found.select(np.array(index, np.int64))
        if not len(found.class_id):
            return (), (), ()
        return either_shape(found.class_id), either_shape(found.confidence), found.boxes

    def _kept(self, found: _Found, score: float, nms: float) -> Sequence[int]:
        """Indices of the boxes that stay, in OpenCV's order."""
        if self._across_classes:
            return _suppressed(found, np.arange(len(found.class_id)), score, nms)
        classes = np.unique(found.class_id)
        groups = (np.flatnonzero(found.class_id == number) for number in classes)
        return [index for group in groups for index in _suppressed(found, group, score, nms)]


def _suppressed(found: _Found, group: NDArray[Any], score: float, nms: float) -> list[int]:
    boxes, confidence = found.boxes[group].tolist(), found.confidence[group].tolist()
    kept = np.asarray(cv2.dnn.NMSBoxes(boxes, confidence, score, nms), np.int64)
    indices: list[int] = group[kept].tolist()
    return indices


def _found(rows: Rows, width: int, height: int, score: float) -> _Found:
    """The rows whose best class is sure enough; boxes rounded and cut as OpenCV does it."""
    scores = rows[:, 5:]
    class_id = scores.argmax(axis=1)
    confidence = scores[np.arange(len(scores)), class_id]
    enough = np.flatnonzero(~(confidence < np.float32(score)))
    boxes = _pixels(rows[enough, :4], width, height)
    return _Found(class_id[enough].astype(np.int32), confidence[enough], boxes)


@np.errstate(over="ignore", invalid="ignore")
def _pixels(boxes: NDArray[np.float32], width: int, height: int) -> NDArray[np.int32]:
    """Left, top, width, height (K, 4), whole pixels cut off towards zero, within the frame."""
    side = np.array([width, height], np.int32)
    limit = np.float32(2**30)
    scaled = np.clip(np.nan_to_num(boxes * np.tile(side, 2).astype(np.float32)), -limit, limit)
    centre, extent = np.split(scaled.astype(np.int32), 2, axis=1)
    corner = np.clip(centre - extent // 2, 0, side - 1)
    return np.hstack([corner, np.clip(extent, 1, side - corner)]).astype(np.int32)
