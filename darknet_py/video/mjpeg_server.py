"""The frames as MJPEG over HTTP, for browsers, players and whoever else looks."""

from __future__ import annotations

import time

import cv2

from darknet_py.errors import OutputError
from darknet_py.images.io import Pixels
from darknet_py.video.broadcast import Broadcast
from darknet_py.video.output import OutputFrame
from darknet_py.video.stream_sender import Payload, StreamFormat
from darknet_py.video.stream_server import StreamServer

BOUNDARY = "mjpegstream"
"""AlexeyAB's; some readers of his stream look for it by name."""
JPEG_QUALITY = 40
"""AlexeyAB's, 1 to 100: about half the bytes of 75, with labels that can still be read."""
MOST_FPS = 30
"""Frames a second that are shown; more look no better, and encoding takes time from the network."""


class JpegPart:
    """The part of the stream that shows one frame, drawn and encoded when it is first asked for.

    A frame that nobody sees costs nothing.
    """

    def __init__(self, frame: OutputFrame) -> None:
        self._frame: OutputFrame | None = frame
        self._bytes = b""

    def __call__(self) -> bytes:
        if self._frame is not None:
            self._bytes = part_bytes(jpeg_bytes(self._frame.image))
            self._frame = None  # its pixels must not stay for as long as its bytes are on their way
        return self._bytes


def part_bytes(jpeg: bytes) -> bytes:
    """With its head before it, and after it the boundary to the next one.

    Many browsers show a part when they have seen its end. With AlexeyAB's order, in which the
    boundary comes with the next frame, they are a frame late.
    """
    head = f"\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
    return b"".join((head.encode(), jpeg, f"\r\n--{BOUNDARY}".encode()))


def jpeg_bytes(image: Pixels) -> bytes:
    """A JPEG file of uint8 (H, W, 3) BGR; raises OutputError for sizes that JPEG does not have."""
    try:
        encoded, data = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))
    except cv2.error:
        encoded = False
    if not encoded:
        height, width = image.shape[:2]
        raise OutputError(
            f"a frame of {width}x{height} cannot be shown as JPEG, which ends at 65500x65500"
        )
    return data.tobytes()


class MjpegServer:
    """An output: shows the newest frame to all who look, and that one at once to whoever comes.

    host, port: as in StreamServer. Raises OutputError. most_fps: frames a second that are shown at
    the most, above 0.
    """

    def __init__(self, host: str, port: int, *, most_fps: float = MOST_FPS) -> None:
        self._parts: Broadcast[Payload] = Broadcast(depth=1, greets=True)
        content_type = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
        stream = StreamFormat(content_type, self._parts, f"--{BOUNDARY}".encode(), b"", b"--\r\n")
        self._server = StreamServer("-mjpeg_port", host, port, stream)
        self.url = self._server.url
        self._seconds = 1 / most_fps
        self._due = 0.0
        self._later: JpegPart | None = None

    @property
    def viewers(self) -> int:
        """How many look now."""
        return self._server.sender.viewers

    def write(self, frame: OutputFrame) -> None:
        """Raises what drawing or encoding an earlier frame raised on the sender's thread."""
        part = JpegPart(frame)
        now = time.monotonic()
        if now < self._due:
            self._later = part
            return
        # Not from now on: of a source that is a little too fast every second frame would be lost.
        self._due = max(self._due, now - self._seconds / 2) + self._seconds
        self._later = None
        self._server.sender.publish(part)

    def close(self) -> None:
        """The last frame is shown, and the stream ends."""
        try:
            if self._later is not None:
                self._server.sender.publish(self._later)
        finally:
            self._server.close()
