"""The orientation in EXIF data: how a camera was held, and what turns its image upright."""

from __future__ import annotations

UPRIGHT = 1
ORIENTATION_TAG = 0x112
ENTRY_BYTES = 12
MOST_ENTRIES = 1000
ORDERS = {b"II*\0": "little", b"MM\0*": "big"}


def exif_orientation(tiff: bytes) -> int:
    """1 to 8, as EXIF numbers them; 1, upright, where the data says nothing that is one of them.

    tiff: EXIF data from its byte order mark on.
    """
    order = ORDERS.get(tiff[:4])
    if order is None:
        return UPRIGHT

    def number(offset: int, count: int) -> int:
        return int.from_bytes(tiff[offset : offset + count], order)  # type: ignore[arg-type]

    first = number(4, 4)
    for index in range(min(number(first, 2), MOST_ENTRIES)):
        entry = first + 2 + ENTRY_BYTES * index
        if number(entry, 2) == ORIENTATION_TAG:
            value = number(entry + 8, 2)
            return value if UPRIGHT <= value <= 8 else UPRIGHT
    return UPRIGHT
