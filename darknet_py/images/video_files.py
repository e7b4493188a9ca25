"""Frames of video files, every one of them, decoded by a thread of their own."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Generator
from dataclasses import dataclass

import cv2

from darknet_py.errors import CANNOT_OPEN, ImageError, open_failure
from darknet_py.images.capture import CaptureOptions
from darknet_py.images.frames import CaptureStats, FrameSource, PendingFrame, decoded_frame
from darknet_py.images.io import PathName
from darknet_py.images.moving_names import COUNTED_SUFFIXES
from darknet_py.images.opencv_capture import (
    Capture,
    decoded,
    opened,
    stream_backends,
    told_fps,
    told_length,
    told_size,
)
from darknet_py.parallel import ahead

logger = logging.getLogger(__name__)

DEPTH, LEAST_DEPTH = 8, 2
AHEAD_BYTES = 128 << 20
"""Frames that are decoded before they are wanted: as many as fit, within these limits."""
TRIES = 16
"""After a failure that may be the end or a broken stretch; FFmpeg itself passes over thousands of
broken pieces before it fails."""


def video_file(path: PathName, options: CaptureOptions) -> FrameSource:
    """All frames of a video file. Raises ImageError where there is none that opens."""
    name = os.fspath(path)
    # From the root on: what stands before a colon would be a protocol to FFmpeg.
    place = os.path.abspath(os.path.expanduser(name))
    _require_contents(name, place)
    capture = opened(place, stream_backends())
    if capture is None:
        raise ImageError(
            f"{name}: not a video that OpenCV can read; it may be cut off or no video at all"
        )
    capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, float(options.upright))
    return video_source(capture, name, options)


def video_source(capture: Capture, name: str, options: CaptureOptions) -> FrameSource:
    """All frames of an open video, which this closes at the end. name: for messages and frames."""
    if options.asked:
        logger.warning("%s: %s: only a camera can be asked that", name, options.asked)
    told = capture.get(cv2.CAP_PROP_FPS)
    reading = VideoReading(capture, name, told_length(capture), told_fps(capture))
    if reading.fps is None:
        logger.warning("%s: tells %g frames a second; nobody can know how fast it is", name, told)
    width, height = told_size(capture)
    depth = AHEAD_BYTES // max(1, 3 * width * height)
    depth = max(LEAST_DEPTH, min(DEPTH, depth))
    frames = ahead(reading.frames(), depth, name="capture")
    return FrameSource(frames, reading.length, fps=reading.fps, stats=reading.stats)


def _require_contents(name: str, path: str) -> None:
    """Raises ImageError for what OpenCV would only say that it cannot open."""
    if not os.path.exists(path):
        raise ImageError(f"{name}: no such file; check the path")
    if not os.path.isfile(path):
        return  # a named pipe gives its bytes once
    try:
        with open(path, "rb") as file:
            if not file.read(1):
                raise ImageError(f"{name}: the file is empty; copy or download it again")
    except CANNOT_OPEN as error:
        raise ImageError(f"{name}: cannot be read: {open_failure(error)}") from None


class VideoReading:
    """One pass through an open video."""

    def __init__(self, capture: Capture, name: str, length: int | None, fps: float | None) -> None:
        """length, fps: as the file tells them, None where it does not."""
        self.capture = capture
        self.name = name
        self.length = length
        self.fps = fps
        self.stats = CaptureStats()
        self.clock = VideoClock(fps)

    def frames(self) -> Generator[PendingFrame, None, None]:
        """Each frame that can be decoded; what was wrong with the others is logged at the end."""
        try:
            while self._grabbed():
                frame = self._frame()
                if frame is not None:
                    yield frame
            self._report()
        finally:
            self.capture.release()

    def _grabbed(self) -> bool:
        """Whether there is another frame. A broken stretch looks like the end of a file, and the
        frames behind it come when they are asked for again."""
        start = time.perf_counter()
        there = self.capture.grab()
        missing = self.length is not None and self.stats.captured < self.length
        tries = TRIES if missing and not there else 0
        while tries and not there:
            there, tries = self.capture.grab(), tries - 1
        self.stats.seconds += time.perf_counter() - start
        return there

    def _frame(self) -> PendingFrame | None:
        start = time.perf_counter()
        pixels = decoded(self.capture)
        self.stats.seconds += time.perf_counter() - start
        moment = self.clock.moment(self.capture.get(cv2.CAP_PROP_POS_MSEC))
        number = self.stats.captured
        self.stats.captured += 1
        if pixels is None:
            self.stats.broken += 1
            return None
        return decoded_frame(pixels, self.name, number, moment)

    def _report(self) -> None:
        """One line about frames that did not come."""
        stats, length = self.stats, self.length or 0
        read, missing = stats.captured - stats.broken, max(0, length - stats.captured)
        # FFmpeg leaves out what it cannot decode: the clock goes on, the count does not.
        skipped = min(missing, max(0, self.clock.frames - stats.captured))
        stats.broken += skipped
        early = missing - skipped
        ending = f"; it ends {early} early" if early > self._guess() else ""
        if stats.broken or ending:
            total = self.length or "an unknown number of"
            logger.warning(
                "%s: %d of %s frames read, %d broken%s",
                self.name,
                read,
                total,
                stats.broken,
                ending,
            )

    def _guess(self) -> float:
        """Frames by which the length may be wrong: a second where it comes from the file's time,
        which is that of its sound as well."""
        counted = os.path.splitext(self.name)[1].lower() in COUNTED_SUFFIXES
        return 0 if counted else self.fps or 0


@dataclass(eq=False)
class VideoClock:
    """When the frames of a video are to be seen. fps: None where nobody knows. last: of the frame
    before, in seconds from the start; None before the first, and where nobody knows."""

    fps: float | None
    last: float | None = None
    count: int = 0

    def moment(self, milliseconds: float) -> float | None:
        """Seconds of the next frame. milliseconds: as the file says; 0 and what goes back is
        nothing said."""
        told = milliseconds / 1000
        if math.isfinite(told) and told > (self.last or 0.0):
            self.last = told
        elif not self.count:
            self.last = 0.0
        else:
            self.last = self.last + 1 / self.fps if self.last is not None and self.fps else None
        self.count += 1
        return self.last

    @property
    def frames(self) -> int:
        """How many there should have been so far, at an even speed."""
        return round(self.last * self.fps) + 1 if self.last is not None and self.fps else self.count
