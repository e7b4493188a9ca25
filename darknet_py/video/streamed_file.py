"""Videos whose bytes are the encoder's own: they grow with it and are written anew at the end."""

from __future__ import annotations

import logging
import struct

from darknet_py.files import GrowingFile
from darknet_py.video.avi_frames import AviFrames
from darknet_py.video.repacked import repack

logger = logging.getLogger(__name__)


class StreamedFile:
    """Takes the bytes as they come. size: of the frames. fps: of the video.

    Matroska, and so WebM, comes in clusters of up to a second or up to the next key frame: what
    kills the program takes the last one, of a second and a frame at most.
    """

    def __init__(self, file: GrowingFile, size: tuple[int, int], fps: float) -> None:
        self._file, self._fps = file, fps

    def take(self, piece: bytes) -> None:
        """The first piece is what the container has before its frames. Raises OutputError."""
        has_frames = self._file.size > 0
        self._file.write(piece)
        if has_frames:
            self._file.take_name()

    def finish(self) -> None:
        """An index to seek by, where the disk has room for the file a second time."""
        self._file.close()
        if not self._file.device and not repack(self._file.path, self._fps):
            logger.warning("%s: plays, but has no index to seek by", self._file.path)


AVI_COUNTS = ((b"avih", 16), (b"strh", 32))
"""The chunks of the head that tell the number of frames, and at which of their bytes."""


class AviFile(StreamedFile):
    """The same, with the number of frames in its head right at any moment."""

    def __init__(self, file: GrowingFile, size: tuple[int, int], fps: float) -> None:
        super().__init__(file, size, fps)
        self._frames, self._count = AviFrames(), 0
        self._places: list[int] = []

    def take(self, piece: bytes) -> None:
        if not self._file.size:
            found = [(piece.find(name), offset) for name, offset in AVI_COUNTS]
            self._places = [place + 8 + offset for place, offset in found if place >= 0]
        super().take(piece)
        self._count += sum(1 for _ in self._frames.feed(piece))
        if self._count and not self._file.device:
            for place in self._places:
                self._file.patch(place, struct.pack("<I", self._count))
