"""Headers of PNG, JPEG, GIF and WebP: their segments and chunks, walked without decoding."""

from __future__ import annotations

from collections.abc import Iterator

from darknet_py.images.exif import UPRIGHT, exif_orientation
from darknet_py.images.header_record import DamagedHeader, ImageBytes, ImageHeader, Size

CUT_SHORT = "cut short"
"""How the message of a file begins that ends too early."""
DEFLATE = 1032
"""Bytes that zlib makes of one at the most."""
PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Values of a pixel by the colour type."""

EXIF = b"Exif\0\0"
# JPEG markers that carry the size of the image; those of Huffman-coded images; without a length.
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
JPEG_HUFFMAN = frozenset({0xC0, 0xC1, 0xC2})
JPEG_BARE = frozenset({0x00, 0x01, *range(0xD0, 0xD9)})
JPEG_APP1, JPEG_SCAN, JPEG_END = 0xE1, 0xDA, b"\xff\xd9"
JPEG_EXPANSION = 1024
"""Pixels that a byte of a Huffman-coded JPEG makes: a block of 64 takes a bit, and some slack."""
MOST_SCANS = 1000
"""Of a progressive JPEG; each is a pass over the whole image, and encoders make about ten."""
RIFF_START = 12


def png_header(file: ImageBytes) -> ImageHeader | None:
    if file.data[12:16] != b"IHDR" or file.number(8, 4) != 13:
        raise DamagedHeader("it does not start with its header")
    width, height = file.number(16, 4), file.number(20, 4)
    orientation, packed, ended = UPRIGHT, 0, False
    for kind, start, length in _png_chunks(file):
        packed += length if kind in (b"IDAT", b"fdAT") else 0
        ended = ended or kind == b"IEND"
        if kind == b"eXIf":
            orientation = exif_orientation(file.data[start : start + length])
    if file.whole and width and height:
        if not ended:
            raise DamagedHeader(CUT_SHORT, (width, height))
        _require_png_data(file, (width, height), packed)
    return ImageHeader(width, height, orientation)


def _png_chunks(file: ImageBytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and length of every chunk up to the last, or the last of these bytes."""
    offset, kind = 8, b""
    while kind != b"IEND" and offset + 12 <= len(file.data):
        length, kind = file.number(offset, 4), file.data[offset + 4 : offset + 8]
        if offset + 12 + length > file.total:
            raise DamagedHeader(f"{CUT_SHORT}: a chunk of {length} bytes in {file.total}")
        yield kind, offset + 8, length
        offset += 12 + length


def _require_png_data(file: ImageBytes, size: Size, packed: int) -> None:
    bits = size[0] * file.number(24, 1) * PNG_CHANNELS.get(file.number(25, 1), 1)
    if size[1] * (bits // 8) > DEFLATE * packed:
        raise DamagedHeader(f"{packed} bytes of data cannot hold so many pixels", size)


def jpeg_header(file: ImageBytes) -> ImageHeader | None:
    size, frame, orientation = None, 0, UPRIGHT
    for marker, offset in jpeg_segments(file.data):
        if marker in JPEG_FRAMES and size is None:
            size, frame = (file.number(offset + 7, 2), file.number(offset + 5, 2)), marker
        elif marker == JPEG_APP1 and orientation == UPRIGHT:
            orientation = _jpeg_orientation(file.data, offset)
        elif marker == JPEG_SCAN:
            _require_jpeg_data(file, size, frame, offset)
    return None if size is None else ImageHeader(*size, orientation)


def jpeg_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Marker and start of a JPEG's segments up to its first scan; what is none is passed over."""
    offset = 2
    while 0 <= offset <= len(data) - 4:
        marker = data[offset + 1]
        if data[offset] != 0xFF:
            offset = data.find(b"\xff", offset)
        elif marker == 0xFF:  # a marker may be preceded by any number of fill bytes
            offset += 1
        elif marker in JPEG_BARE:
            offset += 2
        else:
            yield marker, offset
            if marker == JPEG_SCAN:
                return
            offset += 2 + int.from_bytes(data[offset + 2 : offset + 4], "big")


def _jpeg_orientation(data: bytes, offset: int) -> int:
    length = int.from_bytes(data[offset + 2 : offset + 4], "big")
    segment = data[offset + 4 : offset + 2 + length]
    return exif_orientation(segment[len(EXIF) :]) if segment.startswith(EXIF) else UPRIGHT


def _require_jpeg_data(file: ImageBytes, size: Size | None, frame: int, scan: int) -> None:
    """Some decoders would fill what is not there with grey."""
    if not file.whole or size is None:
        return
    if file.data.rfind(JPEG_END) < scan:
        raise DamagedHeader(CUT_SHORT, size)
    if frame in JPEG_HUFFMAN:
        file.require_pixels(size[0] * size[1], size, JPEG_EXPANSION)
    if frame == 0xC2 and file.data.count(b"\xff\xda", scan) > MOST_SCANS:
        raise DamagedHeader(f"it has more than {MOST_SCANS} scans")


def gif_header(file: ImageBytes) -> ImageHeader | None:
    return ImageHeader(file.number(6, 2, "little"), file.number(8, 2, "little"))


def webp_header(file: ImageBytes) -> ImageHeader | None:
    file.require(8 + file.number(4, 4, "little"), "it")
    size, orientation = None, UPRIGHT
    offset = RIFF_START
    while offset + 8 <= len(file.data):
        kind, length = file.data[offset : offset + 4], file.number(offset + 4, 4, "little")
        file.require(offset + 8 + length, f"its chunk {kind.decode('latin-1')!r}")
        if size is None and kind in WEBP_SIZES:
            size = WEBP_SIZES[kind](file, offset + 8)
        if kind == b"EXIF":
            exif = file.data[offset + 8 : offset + 8 + length]
            orientation = exif_orientation(exif.removeprefix(EXIF))
        offset += 8 + length + length % 2
    return None if size is None else ImageHeader(*size, orientation)


def _webp_canvas(file: ImageBytes, start: int) -> Size:
    return file.number(start + 4, 3, "little") + 1, file.number(start + 7, 3, "little") + 1


def _webp_lossy(file: ImageBytes, start: int) -> Size:
    width, height = file.number(start + 6, 2, "little"), file.number(start + 8, 2, "little")
    return width & 0x3FFF, height & 0x3FFF


def _webp_lossless(file: ImageBytes, start: int) -> Size:
    bits = file.number(start + 1, 4, "little")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


WEBP_SIZES = {b"VP8X": _webp_canvas, b"VP8 ": _webp_lossy, b"VP8L": _webp_lossless}
"""Where the first chunk of a WebP image has its size."""
