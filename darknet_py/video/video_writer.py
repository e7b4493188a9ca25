"""Frames as a video file that plays up to its last frame at any moment."""

from __future__ import annotations

import contextlib
import logging
import math
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from darknet_py.errors import OutputError, nearest
from darknet_py.files import GrowingFile, replacing_path, require_writable
from darknet_py.images.io import PathName, Pixels
from darknet_py.video.encoder import HAS_PIPES, CodecError, PipedEncoder, Size, open_writer
from darknet_py.video.mp4_file import Mp4File
from darknet_py.video.output import OutputFrame
from darknet_py.video.streamed_file import AviFile, StreamedFile

logger = logging.getLogger(__name__)

DEFAULT_FPS, LEAST_FPS, MOST_FPS = 25.0, 0.01, 1000.0


class Container(Protocol):
    """What the encoder's bytes become."""

    def take(self, piece: bytes) -> None:
        """Raises OutputError when the file cannot be written."""

    def finish(self) -> None:
        """Make of a file that plays one that is complete. Raises OutputError."""


@dataclass(frozen=True)
class Format:
    """A suffix. stream: the suffix of the container that the encoder writes. codecs: FourCCs, of
    which the first is taken that OpenCV can write. container: what becomes of the stream."""

    stream: str
    codecs: tuple[str, ...]
    container: Callable[[GrowingFile, Size, float], Container]


_MP4 = Format(".avi", ("XVID",), Mp4File)
FORMATS = {
    ".avi": Format(".avi", ("XVID", "MJPG"), AviFile),
    ".mkv": Format(".mkv", ("mp4v", "MJPG"), StreamedFile),
    ".webm": Format(".webm", ("VP80",), StreamedFile),
    ".mp4": _MP4,
    ".m4v": _MP4,
    ".mov": _MP4,
}


def require_video(path: PathName) -> Format:
    """What a path's suffix asks for. Raises OutputError when it asks for nothing that is known, or
    when the file could not be written: before any work is done."""
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in FORMATS:
        known = " ".join(FORMATS)
        raise OutputError(
            f"{target}: no video of suffix '{suffix}' can be written; use one of {known}"
            f"{nearest(suffix, FORMATS)}"
        )
    require_writable(target)
    return FORMATS[suffix]


def video_fps(fps: float | None) -> float:
    """Frames a second that a video of that source has: its own where it is known, else 25."""
    if fps is not None and math.isfinite(fps) and LEAST_FPS <= fps <= MOST_FPS:
        return fps
    logger.warning(
        "frames per second of the source: %s; the video gets %g", fps or "unknown", DEFAULT_FPS
    )
    return DEFAULT_FPS


class VideoFile:
    """Writes frames to a video whose container is that of the path's suffix.

    The file takes its name with the first frame, and from then on plays up to its last frame even
    if the program is killed; see FORMATS for the containers that lose frames. Frames have the size
    of the first one, less one pixel where that is odd: codecs know even sides only; a frame of
    another size is fitted into it, on black.
    """

    def __init__(self, path: PathName, fps: float | None) -> None:
        """fps: of the source; None, 0 and what is no number are 25. Raises OutputError when such a
        file cannot be written."""
        self.path, self.format = Path(path), require_video(path)
        self.fps = video_fps(fps)
        self._video: _Piped | _Whole | None = None
        self._size: Size = (0, 0)
        self._fitted = False

    def write(self, frame: OutputFrame) -> None:
        pixels = frame.image
        size = pixels.shape[1], pixels.shape[0]
        if self._video is None:
            self._size = size
            self._video = self._open()
        if size != self._size:
            pixels = self._fit(pixels)
        self._video.write(np.ascontiguousarray(pixels))

    def _open(self) -> _Piped | _Whole:
        kind = _Piped if HAS_PIPES else _Whole
        failure: CodecError | None = None
        for codec in self.format.codecs:
            try:
                return kind(self.path, self.format, codec, self.fps, self._size)
            except CodecError as error:
                failure = failure or error
        raise OutputError(f"{self.path}: {failure}; use another suffix") from None

    def _fit(self, pixels: Pixels) -> Pixels:
        if not self._fitted:
            height, width = pixels.shape[:2]
            message = "%s: a frame of %dx%d is fitted into %dx%d, and so are others"
            logger.warning(message, self.path, width, height, *self._size)
            self._fitted = True
        return fitted(pixels, self._size)

    def close(self) -> None:
        """Raises OutputError when the end could not be written."""
        video, self._video = self._video, None
        if video is not None:
            video.close()


def fitted(pixels: Pixels, size: Size) -> Pixels:
    """The image in the middle of a black one of that width and height, as large as can be."""
    height, width = pixels.shape[:2]
    scale = min(size[0] / width, size[1] / height)
    inner = tuple(max(1, round(side * scale)) for side in (width, height))
    left, top = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    canvas = np.zeros((size[1], size[0], 3), np.uint8)
    resized = cv2.resize(pixels, inner, interpolation=cv2.INTER_AREA)
    canvas[top : top + inner[1], left : left + inner[0]] = resized
    return canvas


class _Piped:
    """A video that grows."""

    def __init__(self, path: Path, form: Format, codec: str, fps: float, size: Size) -> None:
        self._file = GrowingFile(path)
        even = size[0] // 2 * 2, size[1] // 2 * 2
        self._container = form.container(self._file, even, fps)
        try:
            take = self._container.take
            self._encoder = PipedEncoder(form.stream, codec, fps, size, take)
        except BaseException:
            self._file.close()
            raise

    def write(self, pixels: Pixels) -> None:
        self._encoder.write(pixels)

    def close(self) -> None:
        with contextlib.closing(self._file):
            self._encoder.close()
            if not self._file.named:
                raise OutputError(f"{self._file.path}: the codec gave no frame; use another suffix")
            self._container.finish()


class _Whole:
    """A video that is there when it is closed: where the encoder can write to no pipe."""

    def __init__(self, path: Path, form: Format, codec: str, fps: float, size: Size) -> None:
        self._path = path
        with self._output_errors(), ExitStack() as stack:
            made = stack.enter_context(replacing_path(path))
            writer = open_writer(os.fspath(made), codec, fps, size)
            if writer is None:
                raise CodecError(codec, fps, size)
            self._writer, self._stack = writer, stack.pop_all()

    @contextlib.contextmanager
    def _output_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as failure:
            message = f"{self._path}: cannot be written: {failure.strerror}"
            raise OutputError(message) from None

    def write(self, pixels: Pixels) -> None:
        self._writer.write(pixels)

    def close(self) -> None:
        with self._output_errors(), self._stack:
            self._writer.release()
