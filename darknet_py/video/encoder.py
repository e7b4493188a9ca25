"""OpenCV's video encoder, whose bytes come out as soon as a frame has gone in.

FFmpeg holds 256 KiB back before it writes to a file, seconds of a quiet video, and OpenCV hands it
no option that would change this. To a pipe it writes each frame at once.
"""

from __future__ import annotations

import contextlib
import os
import select
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence

import cv2

from darknet_py.errors import OutputError
from darknet_py.images.io import Pixels

PIECE = 1 << 16
POLL_SECONDS = 0.1
"""After which the thread that reads looks whether the end was announced."""
STDERR = 2
HAS_PIPES = hasattr(os, "mkfifo")
"""Windows has no pipes with names."""

Size = tuple[int, int]
"""Width and height in pixels."""


def open_writer(
    path: str, fourcc: str, fps: float, size: Size, extra: Sequence[int] = ()
) -> cv2.VideoWriter | None:
    """OpenCV's writer by FFmpeg, None where that does not know the codec or the suffix.

    extra: properties of the writer, each a key and a value.
    """
    # It remarks on codes that suit it well, beside its log, which images.io has made silent.
    with _stderr, _nowhere(STDERR):
        code = cv2.VideoWriter.fourcc(*fourcc)
        writer = cv2.VideoWriter(path, cv2.CAP_FFMPEG, code, fps, size, list(extra))
    return writer if writer.isOpened() else None


class CodecError(OutputError):
    """A codec that this OpenCV has not, or that takes no such frames."""

    def __init__(self, fourcc: str, fps: float, size: Size) -> None:
        what = f"{fourcc} of {size[0]}x{size[1]} at {fps:g} frames per second"
        super().__init__(f"OpenCV cannot encode {what}")


_stderr = threading.Lock()


@contextlib.contextmanager
def _nowhere(descriptor: int) -> Iterator[None]:
    """What is written to an open file of the system's own is lost meanwhile."""
    try:
        before = os.dup(descriptor)
    except OSError:  # it is closed
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, descriptor)
        yield
    finally:
        os.dup2(before, descriptor)
        os.close(before)
        os.close(nowhere)


def _piped(suffix: str, fourcc: str, fps: float, size: Size) -> tuple[int, cv2.VideoWriter]:
    """The end of a pipe that is read, and what writes to it. Raises CodecError, OutputError."""
    try:
        with tempfile.TemporaryDirectory(prefix="darknet-py-") as folder:
            pipe = os.path.join(folder, f"video{suffix}")
            os.mkfifo(pipe)
            # A writer waits for a reader; one that does not block waits for nobody.
            reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
            writer = open_writer(pipe, fourcc, fps, size)
    except OSError as failure:
        raise OutputError(f"no pipe can be made for a video: {failure.strerror}") from None
    if writer is None:
        os.close(reader)
        raise CodecError(fourcc, fps, size)
    return reader, writer


class PipedEncoder:
    """take: gets the bytes of the container, first what it has before its frames, then, in a thread
    of its own, the rest in pieces that end anywhere. It may raise OutputError: then it is not
    called again, and the next write raises it."""

    def __init__(
        self, suffix: str, fourcc: str, fps: float, size: Size, take: Callable[[bytes], None]
    ) -> None:
        """Raises CodecError; OutputError when there can be no pipe."""
        self._take = take
        self._failure: OutputError | None = None
        self._closing = threading.Event()
        self._reader, writer = _piped(suffix, fourcc, fps, size)
        self._writer = writer
        if self._is_ready(0):
            self._hand_on(os.read(self._reader, PIECE))
        self._thread = threading.Thread(target=self._pump, name="encoded video", daemon=True)
        self._thread.start()

    def write(self, pixels: Pixels) -> None:
        """uint8 (H, W, 3) BGR of the size that was told. Raises OutputError of `take`."""
        if self._failure is not None:
            raise self._failure
        self._writer.write(pixels)

    def close(self) -> None:
        """Returns when `take` has had everything. Raises OutputError of `take`."""
        if not self._closing.is_set():
            self._writer.release()
            self._closing.set()
            self._thread.join()
            os.close(self._reader)
        if self._failure is not None:
            raise self._failure

    def _pump(self) -> None:
        while piece := self._next():
            self._hand_on(piece)

    def _hand_on(self, piece: bytes) -> None:
        """After an error it is thrown away: the encoder would wait if nobody read."""
        if self._failure is None:
            try:
                self._take(piece)
            except OutputError as failure:
                self._failure = failure

    def _next(self) -> bytes:
        """b"" at the end. A process that was forked may hold the pipe open beyond it."""
        while True:
            closing = self._closing.is_set()
            if self._is_ready(0 if closing else POLL_SECONDS):
                return os.read(self._reader, PIECE)
            if closing:
                return b""

    def _is_ready(self, seconds: float) -> bool:
        return bool(select.select([self._reader], [], [], seconds)[0])
