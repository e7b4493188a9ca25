"""Frames of video files, every one of them, decoded by a thread of their own."""

from __future__ import annotations

import os
import time
from collections.abc import Generator

import cv2
import numpy as np

from darknet_py.errors import ImageError
from darknet_py.images.capture import CaptureOptions, rotated
from darknet_py.images.frames import CaptureStats, FrameSource, PendingFrame, decoded_frame
from darknet_py.images.io import PathName
from darknet_py.parallel import ahead

DEPTH = 8
"""Frames that are decoded before they are wanted."""


def video_file(path: PathName, options: CaptureOptions) -> FrameSource:
    """All frames of a video file. Raises ImageError where there is none that opens."""
    capture = cv2.VideoCapture(os.fspath(path))
    if not capture.isOpened():
        raise ImageError(f"{path}: not a video that OpenCV can read; check the path and the file")
    capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, float(options.upright))
    length = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    fps = capture.get(cv2.CAP_PROP_FPS)
    stats = CaptureStats()
    frames = ahead(_frames(capture, os.fspath(path), fps, options, stats), DEPTH, name="capture")
    return FrameSource(frames, length if length > 0 else None, fps=fps or None, stats=stats)


def _frames(
    capture: cv2.VideoCapture, path: str, fps: float, options: CaptureOptions, stats: CaptureStats
) -> Generator[PendingFrame, None, None]:
    try:
        while True:
            start = time.perf_counter()
            there, pixels = capture.read()
            stats.seconds += time.perf_counter() - start
            if not there:
                return
            number, stats.captured = stats.captured, stats.captured + 1
            moment = number / fps if fps else None
            yield decoded_frame(
                rotated(np.asarray(pixels, np.uint8), options.rotate), path, number, moment
            )
    finally:
        capture.release()
