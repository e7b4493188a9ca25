"""Sizes that an image file claims are compared with the file before a decoder takes memory."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from darknet_py.errors import ImageError
from darknet_py.images import io
from darknet_py.images.io import check_image, open_image, read_image

ROOT = Path(io.__file__).parents[2]


def chunk(kind: bytes, body: bytes, length: int | None = None) -> bytes:
    said = len(body) if length is None else length
    return struct.pack(">I", said) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *chunks: bytes, bits: int = 8, colour: int = 2) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IEND", b"")


def tiff(entries: dict[int, tuple[int, int, int]], body: bytes = b"") -> bytes:
    """entries: tag -> type, count, value."""
    rows = b"".join(struct.pack("<HHII", tag, *entries[tag]) for tag in sorted(entries))
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + rows + bytes(4) + body


def plain_tiff(**changed: tuple[int, int, int]) -> bytes:
    tags = {"width": 256, "height": 257, "bits": 258, "kind": 259, "strip": 273, "samples": 277}
    tags |= {"rows": 278, "bytes": 279, "wide": 322, "high": 323}
    entries = {
        256: (4, 1, 8),
        257: (4, 1, 8),
        258: (3, 1, 8),
        259: (3, 1, 1),
        262: (3, 1, 1),
        273: (4, 1, 200),
        277: (3, 1, 1),
        278: (4, 1, 8),
        279: (4, 1, 64),
    }
    entries |= {tags[name]: value for name, value in changed.items()}
    return tiff(entries, bytes(300))


def jp2(coding: bytes = b"", **changed: int) -> bytes:
    """coding: what a COD segment holds."""
    sizes = {"right": 64, "bottom": 64, "left": 0, "top": 0, "wide": 64, "high": 64}
    sizes = {**sizes, "tx": 0, "ty": 0, **changed}
    components = sizes.pop("components", 1)
    body = struct.pack(">H8IH", 0, *sizes.values(), components) + b"\7\1\1" * min(components, 9)
    start = b"\xff\x4f\xff\x51" + struct.pack(">H", len(body) + 2) + body
    if coding:
        start += b"\xff\x52" + struct.pack(">H", len(coding) + 2) + coding
    return start + b"\xff\x90" + bytes(30)


def jpeg_of(width: int, height: int) -> bytes:
    data = cv2.imencode(".jpg", np.zeros((16, 16, 3), np.uint8))[1].tobytes()
    frame = data.index(b"\xff\xc0")
    return data[: frame + 5] + struct.pack(">HH", height, width) + data[frame + 9 :]


def bmp(width: int, height: int) -> bytes:
    return b"BM" + struct.pack("<IIIIiiHHI", 99, 0, 54, 40, width, height, 1, 24, 0) + bytes(60)


def webp(length: int) -> bytes:
    data = cv2.imencode(".webp", np.zeros((16, 16, 3), np.uint8))[1].tobytes()
    return data[:16] + struct.pack("<I", length) + data[20:]


SUN = struct.pack(">8I", 0x59A66A95, 9000, 9000, 24, 0, 1, 0, 0) + bytes(99)
SUN_RUNS = struct.pack(">8I", 0x59A66A95, 9000, 9000, 24, 0, 2, 0, 0) + bytes(99)
AVIF = (
    bytes([0, 0, 0, 28]) + b"ftypavif" + bytes(20) + b"ispe" + struct.pack(">III", 0, 60000, 60000)
)
GIF = b"GIF89a" + struct.pack("<HH", 65535, 65535) + bytes(40)
PROGRESSIVE = cv2.imencode(
    ".jpg", np.zeros((16, 16, 3), np.uint8), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]
)[1].tobytes()
SCAN = PROGRESSIVE[PROGRESSIVE.rindex(b"\xff\xda") : -2]

CLAIMS = {
    "a png chunk of 2 GB": (
        png(1, 1, chunk(b"IDAT", zlib.compress(bytes(4)), 0x7FFFFFFF)),
        "cut short: a chunk of 2147483647 bytes in ",
    ),
    "a png chunk of 4 GB": (
        png(1, 1, chunk(b"IDAT", b"", 0xFFFFFFF0)),
        "cut short: a chunk of 4294967280 bytes in 57;",
    ),
    "a text of 4 GB in a png": (png(1, 1, chunk(b"tEXt", b"", 0xFFFFFFFF)), "cut short: a chunk"),
    "more pixels than deflate makes": (
        png(8000, 8000, chunk(b"IDAT", zlib.compress(bytes(4)))),
        "bytes of data cannot hold so many pixels",
    ),
    "a jpeg": (jpeg_of(8000, 8000), "bytes cannot hold 8000 x 8000 pixels"),
    "a jpeg of many scans": (PROGRESSIVE[:-2] + SCAN * 1001 + b"\xff\xd9", "1000 scans"),
    "a bmp": (bmp(9000, 9000), "cannot hold 9000 x 9000 pixels"),
    "a bmp upside down": (bmp(9000, -9000), "cannot hold 9000 x 9000 pixels"),
    "a gif": (GIF, "65535 x 65535 pixels; more than the limit"),
    "a webp chunk": (webp(0xFFFFFFF0), "its chunk 'VP8L' would take"),
    "a ppm": (b"P6\n# c\n9000 9000\n255\n" + bytes(99), "cannot hold 9000 x 9000"),
    "a ppm of words": (b"P6 99999999999999999999 1 255\n", "expected a number of pixels"),
    "a pgm as text": (b"P2 9000 9000 255\n0 0 0", "cannot hold 9000 x 9000"),
    "a pam": (
        b"P7\nWIDTH 9000\nHEIGHT 9000\nDEPTH 3\nMAXVAL 255\nENDHDR\n",
        "cannot hold 9000 x 9000",
    ),
    "a pfm": (b"PF\n9000 9000\n-1\n" + bytes(99), "cannot hold 9000 x 9000"),
    "a hdr": (b"#?RADIANCE\n\n-Y 9000 +X 9000\n" + bytes(99), "cannot hold 9000 x 9000"),
    "a sun raster": (SUN, "cannot hold 9000 x 9000"),
    "a sun raster in runs": (SUN_RUNS, "cannot hold 9000 x 9000"),
    "an avif": (AVIF, "60000 x 60000 pixels; more than the limit"),
    "a tiff": (plain_tiff(width=(4, 1, 9000), height=(4, 1, 9000)), "cannot hold 9000 x 9000"),
    "a deflated tiff": (
        plain_tiff(width=(4, 1, 9000), height=(4, 1, 9000), kind=(3, 1, 8)),
        "cannot hold 9000 x 9000",
    ),
    "a tiff strip": (plain_tiff(bytes=(4, 1, 0x7FFFFFFF)), "a strip would take 2147483647 bytes"),
    "tiff tiles": (
        plain_tiff(wide=(4, 1, 60000), high=(4, 1, 60000)),
        "tiles of 60000 x 60000 pixels",
    ),
    "tiff strips without end": (plain_tiff(strip=(4, 0x3FFFFFFF, 8)), "tag 273 with 1073741823"),
    "a tiff pixel of many values": (plain_tiff(samples=(3, 1, 60000)), "60000 values of 8 bits"),
    "a tiff pixel of nothing": (plain_tiff(bits=(3, 1, 0)), "1 values of 0 bits in a pixel"),
    "a tiff directory": (b"II*\0\x08\0\0\0\xff\xff" + bytes(50), "a directory of 65535 entries"),
    "jpeg 2000 components": (jp2(components=16384), "16384 components, expected at most 4"),
    "jpeg 2000 tiles": (jp2(right=9000, bottom=9000, wide=1, high=1), "9000 x 9000 tiles"),
    "a jpeg 2000 without area": (jp2(left=64), "an area without pixels"),
    "jpeg 2000 precincts": (
        jp2(coding=struct.pack(">BBHBBBBBBBB", 1, 0, 60000, 0, 1, 4, 4, 0, 0, 0, 0)),
        f"its precincts would take {60000 * (32 * 32 + 64 * 64)} bytes",
    ),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_beyond_the_file_is_refused_undecoded(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*given: object) -> None:
        raise AssertionError("was decoded")

    data, words = CLAIMS[name]
    path = tmp_path / "a"
    path.write_bytes(data)
    monkeypatch.setattr(cv2, "imdecode", refuse)
    for read in (read_image, open_image, check_image):
        with pytest.raises(ImageError, match=words) as caught:
            read(path)
        assert str(caught.value).startswith(f"{path}: ")


def test_the_honest_ones_of_these_are_read(tmp_path: Path) -> None:
    """The makers of false claims make good images, too: what is refused is the claim."""
    path = tmp_path / "a"
    rows = zlib.compress(bytes(8 * 25))
    for data in (png(8, 8, chunk(b"IDAT", rows)), bmp(2, 2), plain_tiff(), jpeg_of(16, 16)):
        path.write_bytes(data)
        assert read_image(path).max() <= 8


def test_parts_that_do_not_agree_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is decoded has the size that was believed: others have counted with it."""
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg_of(16, 16))
    monkeypatch.setattr(cv2, "imdecode", lambda *given: np.zeros((15, 16, 3), np.uint8))
    with pytest.raises(ImageError, match="its header says 16 x 16 pixels, it has 16 x 15"):
        read_image(path)


MEASURED = """
import resource, sys
from darknet_py.errors import ImageError
from darknet_py.images.io import read_image
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
for path in sys.argv[1:]:
    try:
        read_image(path)
    except ImageError:
        print(peak() - before)
"""


def test_no_claim_takes_memory_or_time(tmp_path: Path) -> None:
    """In a process of its own: every refusal under 8 MB, all of them together under 2 seconds."""
    paths = []
    for number, (data, _) in enumerate(CLAIMS.values()):
        paths.append(tmp_path / str(number))
        paths[-1].write_bytes(data)
    started = time.monotonic()
    run = subprocess.run(
        [sys.executable, "-c", MEASURED, *paths], cwd=ROOT, capture_output=True, check=True
    )
    assert time.monotonic() - started < 20
    kilobytes = [int(word) for word in run.stdout.split()]
    assert len(kilobytes) == len(CLAIMS)
    assert max(kilobytes) < 8 * 1024


MUTATED = """
import random, resource, sys
import cv2
from darknet_py.errors import ImageError
from darknet_py.images.io import check_image, image_size, read_image
cv2.setNumThreads(1)
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
VALUES = [b"\\xff" * 4, b"\\x7f\\xff\\xff\\xff", b"\\xff\\xff\\xff\\x7f", bytes(4), b"\\0\\x40",
          b"\\x40\\0", b"\\xff", b"\\0", b"99999", b"65535"]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
read = 0
for path in sys.argv[2:]:
    good = open(path, "rb").read()
    for number in range(int(sys.argv[1])):
        rng, data = random.Random(number), bytearray(good)
        for _ in range(rng.choice((1, 1, 2, 4))):
            most = rng.choice((40, 120, len(data)))
            at, value = rng.randrange(min(most, len(data))), rng.choice(VALUES)
            data[at : at + len(value)] = value
        open(path, "wb").write(data)
        try:
            exif = bool(number % 2)
            pixels = read_image(path, honour_exif=exif)
            assert pixels.shape[1::-1] == image_size(path, exif), (path, number)
            read += 1
        except ImageError:
            pass
print(read, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_changed_headers_of_every_format(tmp_path: Path) -> None:
    """Each is read or refused, and none takes more than the pixel limit allows, here 2**20."""
    suffixes = (
        *("avif", "bmp", "gif", "hdr", "jp2", "jpg", "pam", "pbm", "pfm", "pgm", "png"),
        *("ppm", "ras", "tif", "webp"),
    )
    paths = []
    pixels = cv2.GaussianBlur(
        np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8), (5, 5), 2
    )
    for suffix in suffixes:
        seen = pixels[..., 0] if suffix in ("pbm", "pgm") else pixels
        seen = seen.astype(np.float32) / 255 if suffix in ("hdr", "pfm") else seen
        paths.append(str(tmp_path / f"a.{suffix}"))
        assert cv2.imwrite(paths[-1], seen)
    run = subprocess.run(
        [sys.executable, "-c", MUTATED, "60", *paths],
        cwd=ROOT,
        capture_output=True,
        env={**os.environ, io.PIXELS_VARIABLE: str(2**20)},
        timeout=120,
    )
    assert run.returncode == 0, run.stderr.decode()[-500:]
    count, kilobytes = map(int, run.stdout.split())
    assert 200 < count < 60 * len(suffixes)
    assert kilobytes < 64 * 1024
