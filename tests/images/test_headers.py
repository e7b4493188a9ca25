"""What the first and last bytes of a file say, undecoded."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from darknet_py.images.exif import exif_orientation
from darknet_py.images.header_record import DamagedHeader, ImageHeader
from darknet_py.images.headers import FORMATS, format_of, read_header, refusal
from darknet_py.images.io import image_size, read_image


def encoded(suffix: str, width: int, height: int) -> bytes:
    return cv2.imencode(suffix, np.zeros((height, width, 3), np.uint8))[1].tobytes()


SUFFIXES = (
    *(".avif", ".bmp", ".gif", ".hdr", ".jp2", ".jpg", ".pam", ".pbm", ".pfm", ".pgm", ".png"),
    *(".ppm", ".ras", ".tif", ".webp"),
)
FLOATS = {".hdr", ".pfm"}
GREY = {".pbm", ".pgm"}
EXIF_6 = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x112, 3, 1, 6, 0, 0)


def image_of(suffix: str, width: int, height: int) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    whole = pixels[..., 0] if suffix in GREY else pixels
    return cv2.imencode(suffix, whole.astype(np.float32) / 255 if suffix in FLOATS else whole)[
        1
    ].tobytes()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_tells_its_size(suffix: str) -> None:
    data = image_of(suffix, 70, 62)
    header = read_header(data)
    assert header == ImageHeader(70, 62)
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert decoded.shape[:2] == (62, 70)


def test_the_table_has_every_format_once() -> None:
    found = [known.name for suffix in SUFFIXES if (known := format_of(image_of(suffix, 70, 62)))]
    assert len(found) == len(SUFFIXES)
    assert set(found) == {known.name for known in FORMATS}


def test_segments_before_the_frame_are_passed_over() -> None:
    jpeg = image_of(".jpg", 70, 30)
    # A comment, fill bytes before its marker, a marker without a length, and what is no marker.
    for between in (b"\xff\xff\xfe\0\4hi", b"\xff\xd0", b"junk"):
        assert read_header(jpeg[:20] + between + jpeg[20:]) == ImageHeader(70, 30)
    with pytest.raises(DamagedHeader):
        read_header(image_of(".bmp", 70, 30)[:20])
    assert read_header(jpeg[:40]) is None


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_an_image_without_its_end(suffix: str) -> None:
    data = encoded(suffix, 70, 30)
    assert read_header(data) == read_header(data + b"more") == ImageHeader(70, 30)
    with pytest.raises(DamagedHeader, match="^cut short"):
        read_header(data[:-12])


def turned(suffix: str) -> bytes:
    """70 x 62 pixels with an EXIF orientation of 6: to be turned by a quarter."""
    data = image_of(suffix, 70, 62)
    if suffix == ".jpg":
        segment = b"Exif\0\0" + EXIF_6
        return data[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + data[2:]
    if suffix == ".png":
        chunk = b"eXIf" + EXIF_6
        checked = struct.pack(">I", len(EXIF_6)) + chunk + struct.pack(">I", zlib.crc32(chunk))
        return data[:-12] + checked + data[-12:]
    canvas = struct.pack("<IIHBHB", 10, 8, 69, 0, 61, 0)
    exif = struct.pack("<I", len(EXIF_6)) + EXIF_6
    chunks = b"VP8X" + canvas + data[12:] + b"EXIF" + exif
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_the_orientation_is_the_decoders(suffix: str, tmp_path: Path) -> None:
    data = turned(suffix)
    header = read_header(data)
    assert header == ImageHeader(70, 62, 6)
    assert (header.size(), header.size(True)) == ((70, 62), (62, 70))
    path = tmp_path / "a"
    path.write_bytes(data)
    array = np.frombuffer(data, np.uint8)
    if suffix == ".jpg":  # of the others older releases of OpenCV do not look at the EXIF data
        assert (read_image(path, 3, True)[..., ::-1] == cv2.imdecode(array, 1)).all()
    stored = cv2.imdecode(array, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    assert (read_image(path)[..., ::-1] == stored).all()
    assert (read_image(path, 3, True)[..., ::-1] == np.rot90(stored, -1)).all()
    assert image_size(path, True) == (62, 70)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned_as_opencv_does(orientation: int, tmp_path: Path) -> None:
    data = turned(".jpg").replace(EXIF_6, EXIF_6[:18] + bytes([0, orientation]) + EXIF_6[20:])
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    upright = cv2.imread(str(path), cv2.IMREAD_COLOR)
    assert (read_image(path, 3, True)[..., ::-1] == upright).all()
    assert read_image(path, 3, True).shape[1::-1] == image_size(path, True)


@pytest.mark.parametrize(
    "exif",
    [b"", b"XX*\0", EXIF_6[:9], EXIF_6[:12], EXIF_6[:18] + b"\0\x09", b"II*\0" + b"\xff" * 40],
)
def test_exif_data_without_an_orientation_is_upright(exif: bytes) -> None:
    assert exif_orientation(exif) == 1


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\xff\xd8\xff\xe0", "the JPEG image is damaged; copy or download it again"),
        (b"RIFF\0\0\0\0WEBP", "the WebP image is damaged; copy or download it again"),
        (b"\xef\xbb\xbf <!DOCTYPE html>", "an HTML page; download the image again"),
        (b"version https://git-lfs.github.com", "a git-lfs pointer; fetch the image with"),
        (b"\0\0\0\x18ftypheic", "a HEIC photograph; convert it to JPEG or PNG"),
        (b"\0\0\0\x18ftypisom", "it looks like a video"),
        (b"hello", "not an image: it looks like a text file"),
        (b"\1\2\0", "not an image: it looks like data of no format known here"),
    ],
)
def test_what_it_is_instead(data: bytes, expected: str) -> None:
    assert expected in refusal(data)


SIGNATURES = {
    "JPEG": [b"\xff\xd8\xff"],
    "PNG": [b"\x89PNG"],
    "BMP": [b"BM"],
    "GIF": [b"GIF89a", b"GIF87a"],
    "TIFF": [b"II*\0", b"MM\0*"],
    "JPEG 2000": [b"\0\0\0\x0cjP  "],
    "PNM": [b"P5\n", b"P6\n"],
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_damaged_image_of_each_format(name: str) -> None:
    for start in SIGNATURES[name]:
        told = f"the {name} image is damaged; copy or download it again"
        assert refusal(start + b"damaged") == told


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"<html><body>", "an HTML page; download the image again"),
        (b"<svg xmlns=", "an SVG drawing; convert it to PNG"),
        (b"<?xml version", "an XML file"),
        (b"%PDF-1.4", "a PDF document; convert its pages to PNG"),
        (b"PK\3\4", "a zip archive; unpack it first"),
        (b"\x1f\x8b\x08", "a gzip archive; unpack it first"),
        (b"\0\0\0\x18ftypmif1", "a HEIF photograph; convert it to JPEG or PNG"),
    ],
)
def test_what_other_files_look_like(data: bytes, expected: str) -> None:
    assert refusal(data) == f"not an image: it looks like {expected}"


@pytest.mark.parametrize("quality", [80, 101])
def test_webp_with_and_without_loss(quality: int) -> None:
    image = np.zeros((30, 70, 3), np.uint8)
    data = cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, quality])[1].tobytes()
    assert data[12:16] == (b"VP8L" if quality > 100 else b"VP8 ")
    header = read_header(data, len(data))
    assert header is not None and header.size() == (70, 30)
