"""An MP4 file that can be played up to its last frame at any moment, whatever ends the program.

While it grows each frame is a fragment of its own: a described movie without frames comes first. At
the end the description of all frames is added, and 16 bytes before the first one, which were left
free, are made the header of a box that hides all that lies between: an ordinary MP4, which every
player can seek in.
"""

from __future__ import annotations

import struct

from darknet_py.files import GrowingFile
from darknet_py.video.avi_frames import AviFrames
from darknet_py.video.mp4_boxes import Samples, Track, box, file_type, fragment, movie

PICTURE, GROUP = b"\x00\x00\x01\xb6", b"\x00\x00\x01\xb3"
"""What starts a picture of an MPEG-4 stream, and what may stand before one."""
FREE = 16
"""Bytes: a box's header with a size of 64 bits."""


class Mp4File:
    """Takes the encoder's AVI stream, whose frames are MPEG-4 ones. size: of the frames. fps: of
    the video."""

    def __init__(self, file: GrowingFile, size: tuple[int, int], fps: float) -> None:
        self._file, self._size, self._fps = file, size, fps
        self._frames = AviFrames()
        self._track: Track | None = None
        self._samples = Samples()

    def take(self, piece: bytes) -> None:
        """Raises OutputError when the file cannot be written."""
        for data in self._frames.feed(piece):
            self._add(data)

    def _add(self, data: bytes) -> None:
        header = data[: _start_of_picture(data)]
        if self._track is None:
            self._track = Track.of(self._size, self._fps, header)
            start = movie(self._track, Samples(), fragmented=True)
            self._file.write(file_type() + box(b"free", bytes(FREE - 8)) + start)
        # The first frame's header is the decoder's; the stream has it before each key frame.
        data = data.removeprefix(self._track.header)
        self._write(self._track, data, is_key_frame(data))
        self._file.take_name()

    def _write(self, track: Track, data: bytes, key: bool) -> None:
        number = len(self._samples.sizes) + 1
        before = fragment(number, track, len(data), key)
        offset = self._file.size + len(before)
        self._file.write(before + data)
        self._samples.sizes.append(len(data))
        self._samples.offsets.append(offset)
        if key:
            self._samples.keys.append(number)

    def finish(self) -> None:
        """Raises OutputError when there is no room for the description; the file is as before."""
        if self._track is None or self._file.device:
            return
        end, start = self._file.size, len(file_type())
        self._file.write(movie(self._track, self._samples, fragmented=False))
        self._file.patch(start, struct.pack(">I4sQ", 1, b"mdat", end - start))


def _start_of_picture(data: bytes) -> int:
    found = [place for place in (data.find(GROUP), data.find(PICTURE)) if place >= 0]
    return min(found, default=0)


def is_key_frame(data: bytes) -> bool:
    """Whether an MPEG-4 picture depends on no other one: the two bits after its start code."""
    place = data.find(PICTURE) + len(PICTURE)
    return place >= len(PICTURE) and place < len(data) and data[place] >> 6 == 0
