"""JPEG images one after the other in a stream of bytes, as MJPEG is sent through a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from darknet_py.errors import ImageError

MOST_BYTES = 64 << 20
"""Of one JPEG; a stream in which none ends is no MJPEG, and would fill the memory."""
PIECE = 1 << 16
START, END, SCAN = b"\xff\xd8", 0xD9, 0xDA
PLAIN_MARKERS = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a length behind them."""

Read = Callable[[int], bytes]
"""At most so many bytes; none at the end."""


class Damaged(Exception):
    """The bytes are no JPEG from here on."""


class Truncated(Exception):
    """The stream ends within a JPEG."""


class JpegStream:
    """Splits the stream by the JPEGs' own segments, so that a preview within one is none.

    broken: images that were damaged so that they have no end, left out so far. truncated: the
    stream ended within the last image. skipped: bytes that belonged to none, such as the headers
    that a web camera sends between them.
    """

    def __init__(self, read: Read, name: str) -> None:
        self.read = read
        self.name = name
        self.broken = 0
        self.truncated = False
        self.skipped = 0
        self._bytes = bytearray()

    def __iter__(self) -> Iterator[bytes]:
        """The bytes of each image. Raises ImageError where one takes more than MOST_BYTES."""
        while self._find_start():
            try:
                end = self._end()
            except Truncated:
                self.truncated = True
                return
            except Damaged:
                self.broken += 1
                del self._bytes[: len(START)]
                continue
            yield bytes(self._bytes[:end])
            del self._bytes[:end]

    def _more(self) -> bool:
        """Reads on; False at the end."""
        if len(self._bytes) > MOST_BYTES:
            raise ImageError(
                f"{self.name}: a JPEG of more than {MOST_BYTES >> 20} MiB, or none; give width and "
                "height if these are raw frames"
            )
        piece = self.read(PIECE)
        self._bytes += piece
        return bool(piece)

    def _need(self, count: int) -> None:
        """Has so many bytes of the image there."""
        while len(self._bytes) < count:
            if not self._more():
                raise Truncated

    def _find_start(self) -> bool:
        """Drops what stands before the next image; False if there is none."""
        while True:
            start = self._bytes.find(START + b"\xff")
            # The last two bytes may be the first of a start.
            drop = start if start >= 0 else max(0, len(self._bytes) - len(START))
            self.skipped += drop
            del self._bytes[:drop]
            if start >= 0:
                return True
            if not self._more():
                self.skipped += len(self._bytes)
                self._bytes.clear()
                return False

    def _end(self) -> int:
        """How many bytes the image takes that stands at the front."""
        position = len(START)
        while True:
            marker, position = self._marker(position)
            if marker == END:
                return position
            if marker not in PLAIN_MARKERS:
                position = self._behind_segment(position)
            if marker == SCAN:
                position = self._behind_scan(position)

    def _marker(self, position: int) -> tuple[int, int]:
        """A marker, and where it ends; it may be filled up with bytes of FF in front."""
        self._need(position + 2)
        if self._bytes[position] != 0xFF:
            raise Damaged
        while self._bytes[position] == 0xFF:
            position += 1
            self._need(position + 1)
        marker = self._bytes[position]
        if marker in (0x00, START[1]):
            raise Damaged
        return marker, position + 1

    def _behind_segment(self, position: int) -> int:
        self._need(position + 2)
        length = int.from_bytes(self._bytes[position : position + 2], "big")
        if length < 2:
            raise Damaged
        return position + length

    def _behind_scan(self, position: int) -> int:
        """Where the next marker stands: within a scan FF comes with 00 or a restart's number."""
        while True:
            self._need(position + 2)
            position = self._bytes.find(b"\xff", position)
            if position < 0:
                position = len(self._bytes)
                continue
            self._need(position + 2)
            if self._bytes[position + 1] != 0 and self._bytes[position + 1] not in PLAIN_MARKERS:
                return position
            position += 2
