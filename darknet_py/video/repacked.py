"""A video file written anew, by OpenCV and without encoding it again, as its container wants it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import cv2

from darknet_py.files import clear_abandoned, replacing_path
from darknet_py.video.encoder import open_writer

HAS_RAW = hasattr(cv2, "VIDEOWRITER_PROP_RAW_VIDEO")
"""OpenCV writes frames that are encoded already since 4.9."""
NO_INTERVAL = 1 << 30
"""OpenCV takes each frame at this distance for a key frame, beside those that are said to be."""
MARGIN = 1 << 24
"""Bytes of the disk that stay free."""


def repack(path: Path, fps: float) -> bool:
    """Give a video that was written to a pipe what is missing then: the number of its frames, its
    length, an index to seek by.

    fps: of the video. False when it cannot be done, the disk has no room for instance; the file
    is as before then.
    """
    if not HAS_RAW:
        return False
    try:
        clear_abandoned(path.parent)
        if shutil.disk_usage(path.parent).free < path.stat().st_size + MARGIN:
            return False
        with replacing_path(path) as made:
            if not _copied(path, made, fps):
                raise OSError("not all frames were copied")
    except OSError:
        return False
    return True


def _copied(source: Path, target: Path, fps: float) -> bool:
    """Whether the file has all frames of the other."""
    capture = cv2.VideoCapture(os.fspath(source), cv2.CAP_FFMPEG)
    try:
        if not capture.isOpened():
            return False
        size = (
            int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
            int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        )
        code = int(capture.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF
        fourcc = code.to_bytes(4, "little").decode("latin-1")
        capture.set(cv2.CAP_PROP_FORMAT, -1)
        raw = [cv2.VIDEOWRITER_PROP_RAW_VIDEO, 1, cv2.VIDEOWRITER_PROP_KEY_INTERVAL, NO_INTERVAL]
        writer = open_writer(os.fspath(target), fourcc, fps, size, raw)
        return writer is not None and _holds(target, *_copy(capture, writer))
    finally:
        capture.release()


def _copy(capture: cv2.VideoCapture, writer: cv2.VideoWriter) -> tuple[int, int]:
    """How many frames there were, and their bytes."""
    frames, size = 0, 0
    while True:
        there, data = capture.read()
        if not there:
            break
        writer.set(cv2.VIDEOWRITER_PROP_KEY_FLAG, capture.get(cv2.CAP_PROP_LRF_HAS_KEY_FRAME))
        writer.write(data)
        frames, size = frames + 1, size + data.size
    writer.release()
    return frames, size


def _holds(path: Path, frames: int, size: int) -> bool:
    """Whether a file can be what was copied: OpenCV's writer does not tell that a disk is full."""
    capture = cv2.VideoCapture(os.fspath(path), cv2.CAP_FFMPEG)
    try:
        indexed = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        return indexed == frames > 0 and path.stat().st_size > size
    finally:
        capture.release()
