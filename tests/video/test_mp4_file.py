"""The boxes of an MP4 while it grows and when it is complete."""

from __future__ import annotations

import struct
from pathlib import Path

from support.fake_video import FPS, frames, holds_frames

from darknet_py.files import GrowingFile
from darknet_py.video.encoder import PipedEncoder
from darknet_py.video.mp4_boxes import Track, box, full_box
from darknet_py.video.mp4_file import Mp4File, is_key_frame

COUNT = 14


def boxes(data: bytes) -> list[tuple[bytes, bytes]]:
    """The boxes that lie one after another: kind, content."""
    found, start = [], 0
    while start < len(data):
        size, kind = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1:
            (size,), head = struct.unpack_from(">Q", data, start + 8), 16
        found.append((kind, data[start + head : start + size]))
        start += size
    assert start == len(data)
    return found


def inner(data: bytes, *kinds: bytes) -> bytes:
    """The content of a box in boxes, by their kinds from the outside."""
    for kind in kinds:
        data = dict(boxes(data))[kind]
    return data


def grown(path: Path, end: bool, still: bool = False) -> bytes:
    """still: all frames are the first one, or the codec would start anew where it likes."""
    file = GrowingFile(path)
    video = Mp4File(file, (64, 48), FPS)
    encoder = PipedEncoder(".avi", "XVID", FPS, (64, 48), video.take)
    given = [frame.image for frame in frames(COUNT)]
    for image in given[:1] * COUNT if still else given:
        encoder.write(image)
    encoder.close()
    if end:
        video.finish()
    file.close()
    return path.read_bytes()


def test_each_frame_is_a_fragment_while_it_grows(tmp_path: Path) -> None:
    data = grown(tmp_path / "a.mp4", end=False)
    kinds = [kind for kind, _ in boxes(data)]
    assert kinds == [b"ftyp", b"free", b"moov"] + [b"moof", b"mdat"] * COUNT
    assert b"mvex" in dict(boxes(inner(data, b"moov")))
    starts = [inner(part, b"traf", b"tfdt")[4:] for kind, part in boxes(data) if kind == b"moof"]
    assert [struct.unpack(">Q", start)[0] for start in starts] == list(range(COUNT))
    assert holds_frames(tmp_path / "a.mp4", COUNT)


def test_fragments_tell_which_frames_are_key_frames(tmp_path: Path) -> None:
    data = grown(tmp_path / "a.mp4", end=False, still=True)
    runs = [inner(part, b"traf", b"trun") for kind, part in boxes(data) if kind == b"moof"]
    flags = [struct.unpack(">I", run[-4:])[0] for run in runs]
    assert flags == [0x02000000 if n in (0, 12) else 0x01010000 for n in range(COUNT)]


def test_it_ends_as_an_ordinary_file(tmp_path: Path) -> None:
    before = grown(tmp_path / "a.mp4", end=False, still=True)
    data = grown(tmp_path / "b.mp4", end=True, still=True)
    assert [kind for kind, _ in boxes(data)] == [b"ftyp", b"mdat", b"moov"]
    start = len(before[: before.index(b"free") - 4])
    assert data[start + 16 : len(before)] == before[start + 16 :], "16 bytes are made a header"
    movie = inner(data, b"moov")
    assert b"mvex" not in dict(boxes(movie))
    table = (b"trak", b"mdia", b"minf", b"stbl")
    offsets = struct.unpack(f">II{COUNT}Q", inner(movie, *table, b"co64"))[2:]
    sizes = struct.unpack(f">III{COUNT}I", inner(movie, *table, b"stsz"))[3:]
    keys = struct.unpack(">IIII", inner(movie, *table, b"stss"))
    assert keys == (0, 2, 1, 13), "two key frames: the first one and the 13th"
    parts = [part for kind, part in boxes(before) if kind == b"mdat"]
    assert [data[at : at + size] for at, size in zip(offsets, sizes, strict=True)] == parts
    assert [is_key_frame(part) for part in parts] == [n in (0, 12) for n in range(COUNT)]
    header = inner(movie, b"trak", b"tkhd")
    assert struct.unpack(">II", header[-8:]) == (64 << 16, 48 << 16)
    assert struct.unpack_from(">IQ", inner(movie, b"mvhd"), 20) == (10, COUNT)


def test_the_decoder_is_described_once(tmp_path: Path) -> None:
    """What an MPEG-4 stream has before its pictures is in the description, and not in frames."""
    data = grown(tmp_path / "a.mp4", end=True)
    assert data.count(b"\0\0\1\xb0") == 2, "in the first description and in the last"


def test_rates_as_fractions() -> None:
    rates = {fps: Track.of((2, 2), fps, b"") for fps in (12.5, 30, 29.97, 30000 / 1001, 0.1)}
    actual = {fps: (track.timescale, track.ticks) for fps, track in rates.items()}
    assert actual == {
        12.5: (25, 2),
        30: (30, 1),
        29.97: (2997, 100),
        30000 / 1001: (30000, 1001),
        0.1: (1, 10),
    }


def test_boxes_begin_with_their_size() -> None:
    assert box(b"free", b"ab", b"c") == b"\0\0\0\x0bfreeabc"
    assert full_box(b"url ", flags=1) == b"\0\0\0\x0curl \0\0\0\1"


def test_key_frames_of_mpeg4() -> None:
    picture = b"\0\0\1\xb6"
    assert is_key_frame(b"header" + picture + b"\x3f") and not is_key_frame(picture + b"\x40")
    assert not is_key_frame(picture) and not is_key_frame(b"")
