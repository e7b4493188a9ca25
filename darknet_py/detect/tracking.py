"""Numbers that objects keep from frame to frame: ByteTrack of the package trackers, behind arrays.

Boxes are matched by overlap with where their object should have moved to, the confident ones
first; the image is not looked at.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from darknet_py.detect.result import Result
from darknet_py.detect.result_boxes import Boxes, Floats, Integers
from darknet_py.errors import DarknetError, DataError
from darknet_py.lazy import optional_module

USUAL_FPS = 30.0
MARGIN = 0.2
"""Boxes are made larger by this share of their size on each side before their overlap is measured:
what is small, fast or seen by a slow network would else miss itself from one frame to the next."""

BUFFER_FPS = 30.0
"""The package counts the frames that an object may be lost in frames of this rate."""

CLASS_STRIDE = 2.0**20
FARTHEST = 2.0**18
"""Each class is tracked on a stretch of the x axis of its own, pixels apart, so that one tracker
never matches boxes of two classes; nothing lies farther out than this on its stretch. In float64
that leaves 1e-5 pixels to the last of 100,000 classes."""


class Tracker:
    """Gives the objects of one moving image their numbers, frame after frame.

    Numbers start at 1 in each Tracker and are the same for the same boxes and times. Like
    Darknet's, an object has one class: what changes class gets another number. A box gets a number
    in the second frame in a row that shows it, so that what flashes up once gets none.
    """

    def __init__(
        self,
        fps: float | None = None,
        *,
        new_track_thresh: float = 0.25,
        lost_seconds: float = 1.0,
    ) -> None:
        """fps: frames a second, None where nobody knows: 30; it paces frames that have no time.

        new_track_thresh: confidence from which a box begins a track; weaker ones, if the detector
        hands them out, only carry one on. lost_seconds: how long an object that is not found keeps
        its number; one gap between frames counts as half of it at most, so that slow sources are
        tracked too. Raises DarknetError without the package trackers, DataError for a rate or a
        duration that is not above 0.
        """
        self.fps = _positive("fps", USUAL_FPS if fps is None else fps)
        self._longest_step = _positive("lost_seconds", lost_seconds) / 2
        library, supervision = _package("trackers"), _package("supervision")
        self._detections = supervision.Detections
        self._tracks = library.ByteTrackTracker(
            lost_track_buffer=lost_seconds * BUFFER_FPS,
            frame_rate=self.fps,
            track_activation_threshold=new_track_thresh,
            high_conf_det_threshold=new_track_thresh,
            iou=library.BIoU(MARGIN),
        )
        self._time: float | None = None
        self._clock = 0.0

    def update(
        self, xyxy: Floats, confidence: Floats, class_id: Integers, time: float | None = None
    ) -> Integers:
        """The number of each box of the next frame: int64 (K,), 0 where it has none yet.

        xyxy: (K, 4) left, top, right, bottom in pixels. confidence: (K,) in [0, 1]. class_id: (K,)
        from 0. time: seconds, of any beginning; None, or not later than the last one: one frame
        on. Call it for frames without boxes too. Raises DataError for what is not finite.
        """
        numbers = np.zeros(len(xyxy), np.int64)
        if not np.isfinite(xyxy).all():
            raise DataError("boxes to track must be finite; leave out what is not")
        found = self._tracks.update(
            self._detections(
                xyxy=_apart(xyxy, class_id),
                confidence=np.asarray(confidence, np.float64),
                data={"row": np.arange(len(xyxy))},
            ),
            timestamp=self._advanced(time),
        )
        if len(found):
            numbers[found.data["row"]] = found.tracker_id + 1
        return numbers

    def _advanced(self, time: float | None) -> float:
        """Seconds on a clock that never stands still, as the package needs it."""
        step = 1 / self.fps
        if time is not None and self._time is not None and self._time < time < math.inf:
            step = time - self._time
        self._time = time
        self._clock += min(step, self._longest_step)
        return self._clock


def tracked(results: Iterable[Result], tracker: Tracker) -> Generator[Result, None, None]:
    """The results with `Boxes.track_id`, rows as they were.

    Rows that are one box with several classes have one number: that of its best class. Results
    without a time are paced by their frame numbers. A generator is closed with this one.
    """
    try:
        for result in results:
            time = result.frame / tracker.fps if result.time is None else result.time
            best = result.boxes.select(result.best(hidden=True))
            numbers = tracker.update(best.xyxy, best.confidence, best.class_id, time)
            yield replace(result, boxes=_numbered(result.boxes, best, numbers))
    finally:
        if isinstance(results, Generator):
            results.close()


def _numbered(boxes: Boxes, best: Boxes, numbers: Integers) -> Boxes:
    number_of = dict(zip(best.box.tolist(), numbers.tolist(), strict=True))
    rows = [number_of[box] for box in boxes.box.tolist()]
    return replace(boxes, track_id=np.array(rows, np.int64))


def _apart(xyxy: Floats, class_id: Integers) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Boxes in float64, those of each class on their stretch of the x axis."""
    boxes = np.clip(np.asarray(xyxy, np.float64).reshape(-1, 4), -FARTHEST, FARTHEST)
    boxes[:, [0, 2]] += CLASS_STRIDE * np.asarray(class_id, np.float64)[:, None]
    return boxes


def _package(module: str) -> Any:
    try:
        return optional_module(module)
    except DarknetError:
        cure = "tracking needs the package trackers: pip install trackers"
        raise DarknetError(cure) from None


def _positive(what: str, value: float) -> float:
    if not 0 < value < math.inf:
        raise DataError(f"{what} of a tracker is {value}: it must be above 0")
    return float(value)
