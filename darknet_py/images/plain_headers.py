"""Headers of formats that store pixels as they are or in runs: BMP, PNM, PFM, HDR and Sun's."""

from __future__ import annotations

import re
from collections.abc import Iterator

from darknet_py.images.header_record import DamagedHeader, ImageBytes, ImageHeader

BMP_PLAIN = frozenset({0, 3, 6})
"""Compressions of BMP that are none."""
SUN_RUNS = 2
"""The type of a Sun raster image in runs."""
SUN_EXPANSION = 86
"""Bytes that a run of three makes for each of them."""
HDR_RUN, HDR_ROW = 127, 4
"""The longest run of a HDR image, and the bytes that begin a row of runs."""
HDR_WIDTHS = range(8, 0x8000)
"""Of images whose rows can be runs."""
TEXT_BYTES = 4096
"""In which a header that is text must end."""
MOST_DIGITS = 9

_WORD = re.compile(rb"(?:\s|#[^\n\r]*[\n\r])*([^\s#]+)")
_HDR_SIZE = re.compile(rb"\n-Y +(\d{1,9}) +\+X +(\d{1,9})[ \r]*\n")
PNM_VALUES = {b"1": 1, b"2": 1, b"3": 3, b"4": 1, b"5": 1, b"6": 3}
"""Values of a pixel by the digit of the format."""


def bmp_header(file: ImageBytes) -> ImageHeader | None:
    start, kind = file.number(10, 4, "little"), file.number(14, 4, "little")
    if kind == 12:  # OS/2's
        width, height = file.number(18, 2, "little"), file.number(20, 2, "little")
        bits, compression = file.number(24, 2, "little"), 0
    else:
        width, height = _signed(file.number(18, 4, "little")), _signed(file.number(22, 4, "little"))
        bits, compression = file.number(28, 2, "little"), file.number(30, 4, "little")
    height = abs(height)  # below 0: the rows run down
    if width > 0 and height and compression in BMP_PLAIN:
        row = (width * bits + 31) // 32 * 4
        # The padding of the last row may be left out.
        needed = start + row * (height - 1) + width * bits // 8
        file.require_pixels(needed, (width, height))
    return ImageHeader(max(0, width), height)


def _signed(value: int) -> int:
    return value - (1 << 32) if value >> 31 else value


def pnm_header(file: ImageBytes) -> ImageHeader | None:
    """PBM, PGM and PPM, as text or bytes."""
    digit = file.data[1:2]
    words = _words(file.data[2:TEXT_BYTES])
    width, height = _count(next(words)), _count(next(words))
    largest = 1 if digit in b"14" else _count(next(words))
    values = width * PNM_VALUES[digit]
    if digit == b"4":
        needed = (width + 7) // 8 * height
    elif digit in b"56":
        needed = values * height * (1 if largest < 256 else 2)
    else:  # text: a digit each, and a blank between numbers
        needed = values * height * (1 if digit == b"1" else 2) - 1
    file.require_pixels(needed, (width, height))
    return ImageHeader(width, height)


def pam_header(file: ImageBytes) -> ImageHeader | None:
    text, end, _ = file.data[2:TEXT_BYTES].partition(b"\nENDHDR")
    if not end:
        raise DamagedHeader("its header has no end")
    fields = {line.split()[0]: line.split()[-1] for line in text.split(b"\n") if line.split()}
    width, height, depth, largest = (
        _count(fields.get(key, b"")) for key in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL")
    )
    values = width * height * depth
    file.require_pixels(values * (1 if largest < 256 else 2), (width, height))
    return ImageHeader(width, height)


def pfm_header(file: ImageBytes) -> ImageHeader | None:
    words = _words(file.data[2:TEXT_BYTES])
    width, height = _count(next(words)), _count(next(words))
    values = width * height * (3 if file.data[1:2] == b"F" else 1)
    file.require_pixels(4 * values, (width, height))
    return ImageHeader(width, height)


def hdr_header(file: ImageBytes) -> ImageHeader | None:
    found = _HDR_SIZE.search(file.data[:TEXT_BYTES])
    if not found:
        raise DamagedHeader("its header has no size, such as -Y 480 +X 640")
    height, width = int(found[1]), int(found[2])
    row = 4 * width
    if width in HDR_WIDTHS:
        row = min(row, HDR_ROW + 4 * 2 * -(-width // HDR_RUN))
    file.require_pixels(row * height, (width, height))
    return ImageHeader(width, height)


def sun_header(file: ImageBytes) -> ImageHeader | None:
    width, height, bits, _, kind, _, colours = (file.number(4 * k, 4) for k in range(1, 8))
    row = (width * bits + 15) // 16 * 2
    if kind == SUN_RUNS:
        file.require_pixels(row * height, (width, height), SUN_EXPANSION)
    else:
        file.require_pixels(colours + (row - 1) * height, (width, height))
    return ImageHeader(width, height)


def _words(text: bytes) -> Iterator[bytes]:
    """Words up to the first that is not there; comments run from # to the end of a line."""
    position = 0
    while found := _WORD.match(text, position):
        position = found.end()
        yield found[1]
    raise IndexError(position)


def _count(word: bytes) -> int:
    if not word.isdigit() or len(word) > MOST_DIGITS:
        raise DamagedHeader(f"read {word[:20].decode('latin-1')!r}, expected a number of pixels")
    return int(word)
