"""Which images and videos this OpenCV reads and writes, by trying."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import cv2
import numpy as np

from darknet_py.doctor.section import Examined, Fact
from darknet_py.images.io import Pixels
from darknet_py.video.encoder import open_writer
from darknet_py.video.video_writer import FORMATS

IMAGES = (".jpg", ".png", ".bmp", ".webp", ".tiff", ".jp2", ".avif", ".gif", ".ppm", ".exr")
SIZE = (64, 48)
FRAMES = 4
FPS = 25.0
LIBRARIES = r"(?m)^ *(avcodec|avformat|avutil|swscale): +YES \(([\d.]+)\)"
GSTREAMER = r"(?m)^ *GStreamer: +(\S+)"
WITHOUT = "videos: OpenCV is built without FFmpeg and reads few; pip install opencv-python"


def codecs() -> Examined:
    built = cv2.getBuildInformation()
    ffmpeg: dict[str, Fact] = dict(re.findall(LIBRARIES, built))
    gstreamer = re.search(GSTREAMER, built)
    works = [suffix for suffix in IMAGES if image_comes_back(suffix)]
    facts: dict[str, Fact] = {
        "opencv": cv2.__version__,
        "ffmpeg": ffmpeg or None,
        "gstreamer": bool(gstreamer and gstreamer[1] == "YES"),
        "images_read_and_written": list[Fact](works),
        "images_neither": [suffix for suffix in IMAGES if suffix not in works],
        "videos": _videos(),
    }
    return Examined(facts, remarks=() if ffmpeg else (WITHOUT,))


def image_comes_back(suffix: str) -> bool:
    """Whether an image that is written can be read again."""
    try:
        written, data = cv2.imencode(suffix, _drawn(0))
        return written and cv2.imdecode(data, cv2.IMREAD_COLOR) is not None
    except cv2.error:
        return False


def _videos() -> dict[str, Fact]:
    """Of each container and codec that `-out_filename` uses, what works."""
    pairs = dict.fromkeys(
        (form.stream, codec) for form in FORMATS.values() for codec in form.codecs
    )
    with tempfile.TemporaryDirectory(prefix="darknet-py-") as folder:
        return {f"{codec} {stream}": _tried(Path(folder), stream, codec) for stream, codec in pairs}


def _tried(folder: Path, stream: str, codec: str) -> str:
    path = folder / f"{codec}{stream}"
    writer = open_writer(str(path), codec, FPS, SIZE)
    if writer is None:
        return "not written"
    for number in range(FRAMES):
        writer.write(_drawn(number))
    writer.release()
    count = _frames(str(path))
    return "written and read" if count == FRAMES else f"written, {count} of {FRAMES} frames read"


def _frames(path: str) -> int:
    video = cv2.VideoCapture(path, cv2.CAP_FFMPEG)
    try:
        return sum(1 for _ in range(FRAMES) if video.read()[0])
    finally:
        video.release()


def _drawn(number: int) -> Pixels:
    """A bright bar that moves, (H, W, 3)."""
    pixels = np.full((SIZE[1], SIZE[0], 3), 40, np.uint8)
    pixels[:, 8 * number : 8 * number + 8] = 220
    return pixels
