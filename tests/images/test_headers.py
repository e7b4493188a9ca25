"""What the first and last bytes of a file say, undecoded."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from darknet_py.images.headers import complaint, header_size, is_cut_short


def encoded(suffix: str, width: int, height: int) -> bytes:
    return cv2.imencode(suffix, np.zeros((height, width, 3), np.uint8))[1].tobytes()


def test_png_and_jpeg_tell_their_size() -> None:
    assert header_size(encoded(".png", 70, 30)) == (70, 30)
    jpeg = encoded(".jpg", 70, 30)
    assert header_size(jpeg) == (70, 30)
    # A comment, and fill bytes before its marker, stand before the frame.
    assert header_size(jpeg[:2] + b"\xff\xff\xfe\0\4hi" + jpeg[2:]) == (70, 30)
    assert header_size(jpeg[:40]) is None
    assert header_size(encoded(".bmp", 70, 30)) is None


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_an_image_without_its_end(suffix: str) -> None:
    data = encoded(suffix, 70, 30)
    assert not is_cut_short(data) and not is_cut_short(data + b"more")
    assert is_cut_short(data[:-12])


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
    assert expected in complaint(data)


def test_a_header_that_ends_before_the_size() -> None:
    png, jpeg = encoded(".png", 70, 30), encoded(".jpg", 70, 30)
    assert [header_size(png[:end]) for end in (23, 24)] == [None, (70, 30)]
    frame = jpeg.index(b"\xff\xc0")
    assert [header_size(jpeg[: frame + end]) for end in (4, 8, 9)] == [None, None, (70, 30)]


def test_what_ends_is_the_last_scan() -> None:
    """A preview inside has an end of its own."""
    jpeg = encoded(".jpg", 70, 30)
    assert not is_cut_short(jpeg) and is_cut_short(jpeg[:2] + b"\xff\xfe\0\4\xff\xd9" + jpeg[2:-2])


SIGNATURES = {
    "JPEG": [b"\xff\xd8\xff"],
    "PNG": [b"\x89PNG"],
    "BMP": [b"BM"],
    "GIF": [b"GIF89a", b"GIF87a"],
    "TIFF": [b"II*\0", b"MM\0*"],
    "JPEG 2000": [b"\0\0\0\x0cjP  "],
    "PGM": [b"P5\n"],
    "PPM": [b"P6\n"],
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_damaged_image_of_each_format(name: str) -> None:
    for start in SIGNATURES[name]:
        told = f"the {name} image is damaged; copy or download it again"
        assert complaint(start + b"damaged") == told


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
    assert complaint(data) == f"not an image: it looks like {expected}"
