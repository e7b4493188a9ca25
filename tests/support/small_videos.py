"""Short videos, written as OpenCV always can: MJPEG in .avi, each frame an image of its own."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np

from darknet_py.images.io import Pixels

WIDTH, HEIGHT = 50, 40


def drawn_frames(count: int, width: int = WIDTH, height: int = HEIGHT) -> list[Pixels]:
    """Noise with a bar whose place tells the number of the frame."""
    frames = []
    for number in range(count):
        image = np.random.default_rng(number).integers(0, 90, (height, width, 3), np.uint8)
        image[:, number % width] = 255
        frames.append(image)
    return frames


def write_video(
    path: Path,
    count: int = 6,
    fps: float = 10,
    codec: str = "MJPG",
    frames: list[Pixels] | None = None,
) -> list[Pixels]:
    """A video of drawn frames, which are returned; FFV1 keeps every value."""
    frames = drawn_frames(count) if frames is None else frames
    size = frames[0].shape[1], frames[0].shape[0]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), fps, size)  # type: ignore[attr-defined]
    assert writer.isOpened()
    for frame in frames:
        writer.write(frame)
    writer.release()
    return frames


def read_back(path: Path) -> list[Pixels]:
    """All frames as OpenCV gives them."""
    capture, frames = cv2.VideoCapture(str(path)), []
    while True:
        there, frame = capture.read()
        if not there:
            return frames
        frames.append(np.asarray(frame, np.uint8))


def jpeg(image: Pixels) -> bytes:
    there, data = cv2.imencode(".jpg", image)
    assert there
    return bytes(data)


def starts_of_jpegs(data: bytes) -> list[int]:
    """Where the frames of an MJPEG video begin."""
    return [found.start() for found in re.finditer(b"\xff\xd8\xff", data)]


def break_frame(path: Path, number: int) -> None:
    """Overwrites one frame of an MJPEG video, from 0, with zeros."""
    data = bytearray(path.read_bytes())
    start, end = starts_of_jpegs(bytes(data))[number : number + 2]
    data[start : end - 16] = bytes(end - 16 - start)
    path.write_bytes(data)
