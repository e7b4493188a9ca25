"""What a file's bytes say undecoded: its image's size and orientation, or what it is else.

Whatever is decoded is asked for here before: a decoder takes the memory that a header claims.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from darknet_py.images.compressed_headers import (
    CUT_SHORT,
    gif_header,
    jpeg_header,
    png_header,
    webp_header,
)
from darknet_py.images.header_record import DamagedHeader, ImageBytes, ImageHeader, ReadHeader
from darknet_py.images.plain_headers import (
    bmp_header,
    hdr_header,
    pam_header,
    pfm_header,
    pnm_header,
    sun_header,
)
from darknet_py.images.tiled_headers import avif_header, jpeg2000_header, tiff_header


@dataclass(frozen=True)
class ImageFormat:
    """A format that OpenCV reads: how its files start, and how their header is read."""

    name: str
    start: re.Pattern[bytes]
    read: ReadHeader


def _format(name: str, start: bytes, read: ReadHeader) -> ImageFormat:
    return ImageFormat(name, re.compile(start, re.DOTALL), read)


FORMATS = (
    _format("JPEG", rb"\xff\xd8\xff", jpeg_header),
    _format("PNG", rb"\x89PNG", png_header),
    _format("BMP", rb"BM", bmp_header),
    _format("GIF", rb"GIF8", gif_header),
    _format("TIFF", rb"II[*+]\0|MM\0[*+]", tiff_header),
    _format("WebP", rb"RIFF....WEBP", webp_header),
    _format("JPEG 2000", rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", jpeg2000_header),
    _format("AVIF", rb"....ftyp(avi[fs]|.{4,60}avif)", avif_header),
    _format("PNM", rb"P[1-6]\s", pnm_header),
    _format("PAM", rb"P7\s", pam_header),
    _format("PFM", rb"P[Ff]\s", pfm_header),
    _format("HDR", rb"#\?R(GBE|ADIANCE)", hdr_header),
    _format("Sun raster", rb"\x59\xa6\x6a\x95", sun_header),
)
"""What can be decoded; a file that starts in no such way is never given to a decoder."""

OTHER_SIGNATURES = (
    (b"version https://git-lfs", "a git-lfs pointer; fetch the image with `git lfs pull`"),
    (b"<!doctype html", "an HTML page; download the image again"),
    (b"<html", "an HTML page; download the image again"),
    (b"<svg", "an SVG drawing; convert it to PNG"),
    (b"<?xml", "an XML file"),
    (b"%pdf", "a PDF document; convert its pages to PNG"),
    (b"pk\x03\x04", "a zip archive; unpack it first"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"v/1\x01", "an OpenEXR image; convert it to PNG"),
    (b"8bps", "a Photoshop drawing; convert it to PNG"),
)

# The family name in an ISO media file, at byte 4.
MEDIA_FAMILIES = (
    (b"ftyphei", "a HEIC photograph; convert it to JPEG or PNG"),
    (b"ftypmif1", "a HEIF photograph; convert it to JPEG or PNG"),
    (b"ftyp", "a video"),
)


def format_of(data: bytes) -> ImageFormat | None:
    """The format that a file of these first bytes has, None for none that is decoded."""
    return next((known for known in FORMATS if known.start.match(data)), None)


def read_header(data: bytes, total: int | None = None) -> ImageHeader | None:
    """What a file of `total` bytes that begins with `data` says of its image.

    None where these first bytes do not tell. Raises DamagedHeader for claims that cannot be true,
    such as more pixels than the file's bytes could make, and for a header that is cut off.
    """
    known = format_of(data)
    if known is None:
        return None
    file = ImageBytes(data, len(data) if total is None else total)
    try:
        return known.read(file)
    except (IndexError, StopIteration):
        if file.whole:
            raise DamagedHeader("its header is cut off") from None
        return None


def refusal(data: bytes, claim: str = "") -> str:
    """What is wrong with contents that cannot be decoded, and the cure; claim: the untrue one."""
    known = format_of(data)
    if known is None:
        return f"not an image: it looks like {_resemblance(data)}"
    if claim.startswith(CUT_SHORT):
        return f"the image is {claim}; copy or download it again"
    reason = f": {claim}" if claim else ""
    return f"the {known.name} image is damaged{reason}; copy or download it again"


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
