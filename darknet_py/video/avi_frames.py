"""The encoded frames in an AVI stream, as FFmpeg writes it to a pipe."""

from __future__ import annotations

import struct
from collections.abc import Iterator

VIDEO_CHUNK = b"00dc"
LIST_OF_FRAMES = b"movi"


class AviFrames:
    """Takes the stream in pieces and gives out the frames that are complete."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._started = False

    def feed(self, piece: bytes) -> Iterator[bytes]:
        self._waiting += piece
        if not self._started:
            self._started = self._skip_head()
        if self._started:
            yield from self._frames()

    def _skip_head(self) -> bool:
        found = self._waiting.find(LIST_OF_FRAMES)
        if found >= 0:
            del self._waiting[: found + len(LIST_OF_FRAMES)]
        return found >= 0

    def _frames(self) -> Iterator[bytes]:
        """Chunks are a name, a size and as many bytes, filled up to an even number of them."""
        while len(self._waiting) >= 8:
            name, size = struct.unpack_from("<4sI", self._waiting)
            end = 8 + size + size % 2
            if len(self._waiting) < end:
                return
            data = bytes(self._waiting[8 : 8 + size])
            del self._waiting[:end]
            if name == VIDEO_CHUNK:
                yield data
