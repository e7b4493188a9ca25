"""Frames from a pipe: standard input or an open file, as MJPEG or as raw pixels."""

from __future__ import annotations

import logging
import select
import sys
import threading
import time
from collections.abc import Generator, Iterator
from typing import Any

import numpy as np

from darknet_py.errors import DataError, ImageError
from darknet_py.images.capture import CaptureOptions
from darknet_py.images.frames import CaptureStats, FrameSource, PendingFrame, decoded_frame
from darknet_py.images.io import Pixels, encoded_image, refuse_oversized
from darknet_py.images.jpeg_stream import JpegStream, Read
from darknet_py.images.moving_names import PIPE
from darknet_py.parallel import ahead

logger = logging.getLogger(__name__)

DEPTH = 4
"""Frames that are decoded before they are wanted; the writer waits when its pipe is full."""
WAIT_SECONDS = 0.005
"""After which a pipe that has nothing and does not wait is asked again."""
POLL_SECONDS = 0.1
"""After which whoever waits for standard input looks whether it is still wanted."""


def is_pipe(source: object) -> bool:
    """Whether a source is read byte by byte."""
    return source == PIPE if isinstance(source, str) else hasattr(source, "read")


def piped_source(source: Any, options: CaptureOptions) -> FrameSource:
    """Every frame of a pipe: JPEGs one after the other, or raw BGR pixels if their size is given.

    source: "-" for standard input, or what has `read(count) -> bytes`. Raises DataError for what
    gives no bytes, or only one of width and height; while it is read ImageError for what is no
    MJPEG.
    """
    stopped = threading.Event()
    name, read = _opened(source, stopped)
    if (options.width is None) != (options.height is None):
        raise DataError(f"{name}: raw frames need width and height; for MJPEG give neither")
    reading = PipeReading(name, read, options, stopped)
    frames = ahead(reading.frames(), DEPTH, name="capture")
    return FrameSource(frames, fps=options.fps, stats=reading.stats, stop=stopped.set)


def _opened(source: Any, stopped: threading.Event) -> tuple[str, Read]:
    """What messages call it, and how its bytes are read."""
    if not isinstance(source, str):
        return str(getattr(source, "name", type(source).__name__)), _reader(source)
    if sys.stdin is None or sys.stdin.closed:
        raise DataError("standard input is closed; give a file or a camera")
    if sys.stdin.isatty():
        raise DataError("standard input is a terminal; pipe MJPEG or raw frames into it")
    # Unbuffered: a thread that waits within a buffered reader stops Python from ending.
    buffer = getattr(sys.stdin, "buffer", sys.stdin)
    raw = getattr(buffer, "raw", None)
    return "standard input", _reader(buffer) if raw is None else _stoppable(raw, stopped)


def _reader(file: Any) -> Read:
    """What is there is wanted now: read1 does not wait until its buffer is full."""
    read = getattr(file, "read1", file.read)

    def bytes_of(count: int) -> bytes:
        while (piece := read(count)) is None:
            time.sleep(WAIT_SECONDS)
        if not isinstance(piece, (bytes, bytearray, memoryview)):
            raise DataError(f"a pipe must give bytes, not {type(piece).__name__}; open it as 'rb'")
        return bytes(piece)

    return bytes_of


def _stoppable(file: Any, stopped: threading.Event) -> Read:
    """The bytes of an unbuffered file until somebody says stop."""
    read = _reader(file)

    def bytes_of(count: int) -> bytes:
        while not stopped.is_set():
            if _readable(file):
                return read(count)
        return b""

    return bytes_of


def _readable(file: Any) -> bool:
    """Whether reading will not wait, as far as the system can tell: Windows knows of sockets
    only."""
    try:
        return bool(select.select([file], [], [], POLL_SECONDS)[0])
    except (OSError, ValueError):
        return True


class PipeReading:
    """One pass through a pipe. stopped: nobody wants the rest, so that it is not missing."""

    def __init__(
        self, name: str, read: Read, options: CaptureOptions, stopped: threading.Event
    ) -> None:
        self.name = name
        self.read = read
        self.options = options
        self.stopped = stopped
        self.stats = CaptureStats()

    def frames(self) -> Generator[PendingFrame, None, None]:
        """Each frame that can be decoded. fps tells their times; without it nobody knows them."""
        images, start = self._images(), time.perf_counter()
        for pixels in images:
            self.stats.seconds += time.perf_counter() - start
            number, self.stats.captured = self.stats.captured, self.stats.captured + 1
            if pixels is not None:
                moment = number / self.options.fps if self.options.fps else None
                yield decoded_frame(pixels, "", number, moment)
            start = time.perf_counter()

    def _images(self) -> Iterator[Pixels | None]:
        """None for one that is broken."""
        width, height = self.options.width, self.options.height
        return self._raw(width, height) if width and height else self._jpegs()

    def _raw(self, width: int, height: int) -> Iterator[Pixels]:
        refuse_oversized(self.name, (width, height))
        size = width * height * 3
        while len(data := self._exactly(size)) == size:
            yield np.frombuffer(data, np.uint8).reshape(height, width, 3)
        if data and not self.stopped.is_set():
            logger.warning(
                "%s: ends within frame %d: %d of %d bytes; is it BGR of %d x %d?",
                *(self.name, self.stats.captured + 1, len(data), size, width, height),
            )

    def _exactly(self, size: int) -> bytearray:
        """So many bytes, fewer at the end."""
        data = bytearray()
        while len(data) < size and (piece := self.read(size - len(data))):
            data += piece
        return data

    def _jpegs(self) -> Iterator[Pixels | None]:
        stream = JpegStream(self.read, self.name)
        for data in stream:
            yield self._decoded(data)
        if not self.stopped.is_set():
            self._report(stream)

    def _decoded(self, data: bytes) -> Pixels | None:
        try:
            return encoded_image(self.name, data).decode_bgr()
        except ImageError:
            self.stats.broken += 1
            return None

    def _report(self, stream: JpegStream) -> None:
        """One line about frames that did not come."""
        if not self.stats.captured and not stream.truncated:
            raise ImageError(
                f"{self.name}: {stream.skipped} bytes without a JPEG; pipe MJPEG, or raw BGR with "
                "its width and height"
            )
        read = self.stats.captured - self.stats.broken
        self.stats.broken += stream.broken
        ending = ", and it ends within one" if stream.truncated else ""
        if self.stats.broken or ending:
            logger.warning(
                "%s: %d frames read, %d broken%s",
                *(self.name, read, self.stats.broken, ending),
            )
