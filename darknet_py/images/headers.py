"""What a file's bytes say undecoded: an image's size, whether it is whole, or what it is else."""

from __future__ import annotations

import struct
from collections.abc import Callable

# What OpenCV can read, by the first bytes.
IMAGE_SIGNATURES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG", "PNG"),
    (b"BM", "BMP"),
    (b"GIF8", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"P5", "PGM"),
    (b"P6", "PPM"),
)

OTHER_SIGNATURES = (
    (b"version https://git-lfs", "a git-lfs pointer; fetch the image with `git lfs pull`"),
    (b"<!doctype html", "an HTML page; download the image again"),
    (b"<html", "an HTML page; download the image again"),
    (b"<svg", "an SVG drawing; convert it to PNG"),
    (b"<?xml", "an XML file"),
    (b"%pdf", "a PDF document; convert its pages to PNG"),
    (b"pk\x03\x04", "a zip archive; unpack it first"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
)

# The family name in an ISO media file, at byte 4.
MEDIA_FAMILIES = (
    (b"ftyphei", "a HEIC photograph; convert it to JPEG or PNG"),
    (b"ftypmif1", "a HEIF photograph; convert it to JPEG or PNG"),
    (b"ftyp", "a video"),
)

# JPEG markers that carry the size of the image.
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
JPEG_SCAN = 0xDA


def header_size(data: bytes) -> tuple[int, int] | None:
    """Width and height a PNG or JPEG announces, without decoding; None when it does not say."""
    if data.startswith(b"\x89PNG") and len(data) >= 24:
        width, height = struct.unpack_from(">II", data, 16)
        return int(width), int(height)
    frame = _jpeg_segment(data, JPEG_FRAMES.__contains__)
    if frame is None or len(data) < frame + 9:
        return None
    height, width = struct.unpack_from(">HH", data, frame + 5)
    return int(width), int(height)


def is_cut_short(data: bytes) -> bool:
    """Whether this is a JPEG or PNG without its end."""
    scan = _jpeg_segment(data, JPEG_SCAN.__eq__)
    jpeg_cut = scan is not None and data.rfind(b"\xff\xd9") < scan
    return jpeg_cut or (data.startswith(b"\x89PNG") and data.rfind(b"IEND") < 0)


def complaint(data: bytes) -> str:
    """What is wrong with contents that OpenCV cannot decode, and the cure."""
    for signature, name in IMAGE_SIGNATURES:
        if data.startswith(signature):
            return f"the {name} image is damaged; copy or download it again"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "the WebP image is damaged; copy or download it again"
    return f"not an image: it looks like {_resemblance(data)}"


def _resemblance(data: bytes) -> str:
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for signature, name in OTHER_SIGNATURES:
        if start.startswith(signature):
            return name
    for family, name in MEDIA_FAMILIES:
        if data[4:].startswith(family):
            return name
    is_text = b"\0" not in data[:4096]
    return "a text file" if is_text else "data of no format known here"


def _jpeg_segment(data: bytes, matches: Callable[[int], bool]) -> int | None:
    """Where a JPEG's first segment that matches starts, or None; looks no further than the scan."""
    offset = 2
    while data.startswith(b"\xff\xd8\xff") and offset + 4 <= len(data) and data[offset] == 0xFF:
        marker = data[offset + 1]
        if matches(marker):
            return offset
        if marker == JPEG_SCAN:
            return None
        # A marker may be preceded by any number of fill bytes.
        offset += 1 if marker == 0xFF else 2 + int.from_bytes(data[offset + 2 : offset + 4], "big")
    return None
