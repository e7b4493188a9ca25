"""Headers of TIFF, JPEG 2000 and AVIF, whose images may come in tiles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from darknet_py.images.exif import ORDERS
from darknet_py.images.header_record import TURNED, DamagedHeader, ImageBytes, ImageHeader

TIFF_TYPES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
TIFF_TYPES |= {13: 4, 16: 8, 17: 8, 18: 8}
"""Bytes of a value by the type of an entry."""
WIDTH, HEIGHT, BITS, COMPRESSION, ORIENTATION, SAMPLES = 256, 257, 258, 259, 274, 277
STRIP_BYTES, TILE_WIDTH, TILE_HEIGHT, TILE_BYTES = 279, 322, 323, 325
EXPANSIONS = {1: 1, 5: 4096, 8: 1040, 32773: 64, 32946: 1040}
"""Bytes that one becomes at the most by TIFF compression: none, LZW, deflate, PackBits."""
MOST_SAMPLES, MOST_BITS = 32, 64
"""Values of a TIFF pixel, and bits of one."""
MOST_TILE = 4096
"""Side in pixels of tiles that may be larger than their image."""
CODESTREAM = b"\xff\x4f\xff\x51"
JP2_SIZE, JP2_CODING, JP2_TILE = 0x51, 0x52, 0x90
JP2_TILE_BYTES = 14
"""Of the markers that a tile begins with."""
MOST_COMPONENTS = 4
"""Of a JPEG 2000 image that OpenCV reads."""
AVIF_SIZE = b"ispe"


@dataclass(frozen=True)
class _Tags:
    """The first entries of a TIFF file: tag -> its first value and how many there are."""

    values: dict[int, tuple[int, int]] = field(default_factory=dict)

    def first(self, tag: int, default: int = 0) -> int:
        return self.values.get(tag, (default, 1))[0]


def tiff_header(file: ImageBytes) -> ImageHeader | None:
    """The size after the turn that the file's own orientation asks for: every decoder makes it."""
    tags = _tiff_tags(file)
    width, height = tags.first(WIDTH), tags.first(HEIGHT)
    bits, samples = tags.first(BITS, 1), tags.first(SAMPLES, 1)
    if not (1 <= samples <= MOST_SAMPLES and 1 <= bits <= MOST_BITS):
        raise DamagedHeader(f"{samples} values of {bits} bits in a pixel")
    _require_tiles(width, height, tags)
    if expansion := EXPANSIONS.get(tags.first(COMPRESSION, 1)):
        pixels = width * height * samples * bits // 8
        file.require_pixels(pixels, (width, height), expansion)
    turned = tags.first(ORIENTATION, 1) in TURNED
    return ImageHeader(height, width) if turned else ImageHeader(width, height)


def _require_tiles(width: int, height: int, tags: _Tags) -> None:
    wide, high = tags.first(TILE_WIDTH), tags.first(TILE_HEIGHT)
    if wide > max(MOST_TILE, 2 * width) or high > max(MOST_TILE, 2 * height):
        raise DamagedHeader(f"tiles of {wide} x {high} pixels for an image of {width} x {height}")


def _tiff_tags(file: ImageBytes) -> _Tags:
    order = ORDERS.get(file.data[:4])
    big = order is None  # BigTIFF has offsets of eight bytes
    order = order or ("little" if file.data[:2] == b"II" else "big")
    width, entry_bytes, count_bytes = (8, 20, 8) if big else (4, 12, 2)
    start = file.number(width, width, order)
    file.require(start + count_bytes, "its directory")
    count = file.number(start, count_bytes, order)
    file.require(start + count_bytes + entry_bytes * count, f"a directory of {count} entries")
    tags = _Tags()
    for index in range(count):
        entry = start + count_bytes + entry_bytes * index
        tag, kind = file.number(entry, 2, order), file.number(entry + 2, 2, order)
        many, size = file.number(entry + 4, width, order), TIFF_TYPES.get(kind, 0)
        place = entry + 4 + width
        if many * size > width:
            place = file.number(place, width, order)
            file.require(place + many * size, f"tag {tag} with {many} values")
        if size in (1, 2, 4, 8) and many and place + size <= len(file.data):
            tags.values.setdefault(tag, (file.number(place, size, order), many))
            if tag in (STRIP_BYTES, TILE_BYTES):
                for offset in range(place, place + many * size, size):
                    file.require(file.number(offset, size, order), "a strip")
    return tags


def jpeg2000_header(file: ImageBytes) -> ImageHeader | None:
    start = file.data.find(CODESTREAM)
    if start < 0:
        return None
    right, bottom, left, top = (file.number(start + 8 + 4 * k, 4) for k in range(4))
    tile_width, tile_height, tile_left, tile_top = (
        file.number(start + 24 + 4 * k, 4) for k in range(4)
    )
    components = file.number(start + 40, 2)
    if components > MOST_COMPONENTS:
        raise DamagedHeader(f"{components} components, expected at most {MOST_COMPONENTS}")
    if not (tile_width and tile_height and left < right and top < bottom):
        raise DamagedHeader("an area without pixels")
    across = -(-(right - tile_left) // tile_width)
    down = -(-(bottom - tile_top) // tile_height)
    file.require(JP2_TILE_BYTES * across * down, f"{across} x {down} tiles")
    width, height = right - left, bottom - top
    file.require(_packets(file, start, width, height, components), "its precincts")
    return ImageHeader(width, height)


def _packets(file: ImageBytes, start: int, width: int, height: int, components: int) -> int:
    """Bytes that the packets of a JPEG 2000 image take at the least: one each."""
    offset = start + 2
    while file.data[offset : offset + 2] != b"\xff\x52":  # COD
        if file.number(offset, 1) != 0xFF or file.number(offset + 1, 1) == JP2_TILE:
            return 0
        offset += 2 + file.number(offset + 2, 2)
    if not file.number(offset + 4, 1) & 1:  # precincts of 32768 x 32768
        return 0
    layers, levels = file.number(offset + 6, 2), file.number(offset + 9, 1)
    total = 0
    for level in range(min(levels, 32) + 1):
        exponents = file.number(offset + 14 + level, 1)
        shift = levels - level
        wide, high = -(-width // (1 << shift)), -(-height // (1 << shift))
        total += -(-wide >> (exponents & 15)) * -(-high >> (exponents >> 4)) or 1
    return total * components * max(1, layers)


def avif_header(file: ImageBytes) -> ImageHeader | None:
    """The largest of the sizes that the file gives its images."""
    sizes = list(_avif_sizes(file))
    return ImageHeader(*max(sizes, key=lambda size: size[0] * size[1])) if sizes else None


def _avif_sizes(file: ImageBytes) -> Iterator[tuple[int, int]]:
    offset = file.data.find(AVIF_SIZE)
    while 0 <= offset <= len(file.data) - 16:
        yield file.number(offset + 8, 4), file.number(offset + 12, 4)
        offset = file.data.find(AVIF_SIZE, offset + 4)
