"""Frames are found in an AVI stream, however it is cut into pieces."""

from __future__ import annotations

import struct

import pytest

from darknet_py.video.avi_frames import AviFrames


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack("<4sI", name, len(data)) + data + bytes(len(data) % 2)


FRAMES = [b"one", b"00dc", b"", b"four"]
STREAM = b"".join(
    [b"RIFF\0\0\0\0AVI ", chunk(b"JUNK", b"x"), b"LIST\0\0\0\0movi"]
    + [chunk(b"00dc", FRAMES[0]), chunk(b"JUNK", b"movi00dc")]
    + [chunk(b"00dc", data) for data in FRAMES[1:]]
)


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_frames_come_when_they_are_complete(size: int) -> None:
    frames = AviFrames()
    pieces = [STREAM[start : start + size] for start in range(0, len(STREAM), size)]
    assert [data for piece in pieces for data in frames.feed(piece)] == FRAMES


def test_half_a_frame_is_waited_for() -> None:
    frames = AviFrames()
    assert list(frames.feed(STREAM[:-1])) == FRAMES[:-1]
    assert list(frames.feed(STREAM[-1:])) == FRAMES[-1:]
