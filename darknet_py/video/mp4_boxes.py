"""The boxes of an MP4 file with one MPEG-4 video track (ISO 14496-12 and -14)."""

from __future__ import annotations

import struct
from array import array
from dataclasses import dataclass, field
from fractions import Fraction

TRACK = 1
LONG = 1
"""Version of the boxes whose times have 64 bits."""
IDENTITY = struct.pack(">9I", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
KEY_FRAME, OTHER_FRAME = 0x02000000, 0x01010000
"""Sample flags: depends on no other one; depends on others and is no place to start at."""
MPEG4_VIDEO, VIDEO_STREAM = 0x20, 0x11
DEFAULT_BASE_IS_MOOF = 0x020000
TRUN_FLAGS = 0x000001 | 0x000200 | 0x000400
"""There are: the offset of the data, the size of each sample, the flags of each."""


@dataclass(frozen=True)
class Track:
    """size: width and height in pixels. timescale: ticks a second. ticks: of one frame. header: of
    the decoder, what an MPEG-4 stream has before its first picture."""

    size: tuple[int, int]
    timescale: int
    ticks: int
    header: bytes

    @staticmethod
    def of(size: tuple[int, int], fps: float, header: bytes) -> Track:
        rate = Fraction(fps).limit_denominator(1001)
        return Track(size, rate.numerator, rate.denominator, header)


@dataclass(frozen=True, eq=False)
class Samples:
    """Where the frames lie in the file. sizes: in bytes. offsets: from the start of the file. keys:
    numbers, from 1, of those that depend on no other."""

    sizes: array[int] = field(default_factory=lambda: array("I"))
    offsets: array[int] = field(default_factory=lambda: array("Q"))
    keys: array[int] = field(default_factory=lambda: array("I"))


def box(kind: bytes, *parts: bytes) -> bytes:
    return struct.pack(">I4s", 8 + sum(map(len, parts)), kind) + b"".join(parts)


def full_box(kind: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def file_type() -> bytes:
    return box(b"ftyp", b"isom", struct.pack(">I", 0x200), b"isomiso2iso5mp41mp42")


def movie(track: Track, samples: Samples, fragmented: bool) -> bytes:
    """The description of all that is in the file. fragmented: more samples come after it."""
    duration = len(samples.sizes) * track.ticks
    times = struct.pack(">QQIQ", 0, 0, track.timescale, duration)
    head = full_box(
        b"mvhd",
        times + struct.pack(">IH10x", 1 << 16, 0x100) + IDENTITY + struct.pack(">24xI", TRACK + 1),
        version=LONG,
    )
    defaults = struct.pack(">5I", TRACK, 1, track.ticks, 0, 0)
    more = [box(b"mvex", full_box(b"trex", defaults))] if fragmented else []
    return box(b"moov", head, _track(track, samples, duration), *more)


def _track(track: Track, samples: Samples, duration: int) -> bytes:
    width, height = (side << 16 for side in track.size)
    head = struct.pack(">QQIIQ16x", 0, 0, TRACK, 0, duration) + IDENTITY
    header = full_box(b"tkhd", head + struct.pack(">II", width, height), version=LONG, flags=3)
    times = struct.pack(">QQIQHH", 0, 0, track.timescale, duration, _UNKNOWN_LANGUAGE, 0)
    media = full_box(b"mdhd", times, version=LONG)
    handler = full_box(b"hdlr", struct.pack(">4x4s12x", b"vide"), b"video\0")
    return box(b"trak", header, box(b"mdia", media, handler, _media(track, samples)))


_UNKNOWN_LANGUAGE = 0x55C4


def _media(track: Track, samples: Samples) -> bytes:
    same_file = full_box(b"url ", flags=1)
    where = box(b"dinf", full_box(b"dref", struct.pack(">I", 1), same_file))
    header = full_box(b"vmhd", bytes(8), flags=1)
    return box(b"minf", header, where, box(b"stbl", *_sample_table(track, samples)))


def _sample_table(track: Track, samples: Samples) -> list[bytes]:
    count = len(samples.sizes)
    durations = struct.pack(">II", count, track.ticks) if count else b""
    chunks = struct.pack(">III", 1, 1, 1) if count else b""
    tables = [
        full_box(b"stsd", struct.pack(">I", 1), _codec(track)),
        full_box(b"stts", struct.pack(">I", len(durations) // 8), durations),
        full_box(b"stsc", struct.pack(">I", len(chunks) // 12), chunks),
        full_box(b"stsz", struct.pack(">II", 0, count), _packed(samples.sizes)),
        full_box(b"co64", struct.pack(">I", count), _packed(samples.offsets)),
    ]
    keys = full_box(b"stss", struct.pack(">I", len(samples.keys)), _packed(samples.keys))
    return [*tables, keys] if count else tables


def _packed(values: array[int]) -> bytes:
    return struct.pack(f">{len(values)}{values.typecode}", *values)


def _codec(track: Track) -> bytes:
    dots, depth = 72 << 16, 24
    picture = struct.pack(">HHIII", *track.size, dots, dots, 0)
    names = struct.pack(">H32xHh", 1, depth, -1)
    return box(b"mp4v", struct.pack(">6xH16x", 1), picture, names, _decoder(track.header))


def _decoder(header: bytes) -> bytes:
    rates = bytes(11)  # size of the buffer, highest and mean bit rate: not known
    config = _descriptor(4, bytes((MPEG4_VIDEO, VIDEO_STREAM)), rates, _descriptor(5, header))
    stream = _descriptor(3, struct.pack(">HB", TRACK, 0), config, _descriptor(6, b"\x02"))
    return full_box(b"esds", stream)


def _descriptor(tag: int, *parts: bytes) -> bytes:
    """Its size is written in groups of 7 bits, all but the last with a flag."""
    size = sum(map(len, parts))
    groups = [0x80 | size >> shift & 0x7F for shift in (21, 14, 7)]
    return bytes((tag, *groups, size & 0x7F)) + b"".join(parts)


def fragment(number: int, track: Track, size: int, key: bool) -> bytes:
    """What stands before the bytes of one frame. number: of the frame, from 1."""
    start = struct.pack(">Q", (number - 1) * track.ticks)
    flags = KEY_FRAME if key else OTHER_FRAME

    def described(offset: int) -> bytes:
        run = struct.pack(">IiII", 1, offset, size, flags)
        part = box(
            b"traf",
            full_box(b"tfhd", struct.pack(">I", TRACK), flags=DEFAULT_BASE_IS_MOOF),
            full_box(b"tfdt", start, version=LONG),
            full_box(b"trun", run, flags=TRUN_FLAGS),
        )
        return box(b"moof", full_box(b"mfhd", struct.pack(">I", number)), part)

    return described(len(described(0)) + 8) + struct.pack(">I4s", 8 + size, b"mdat")
