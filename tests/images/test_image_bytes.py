"""The bytes of image files as sources."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from support.tiny_detector import noise_image

from darknet_py.errors import ImageError, OversizedImage
from darknet_py.images.frames import Frame, file_frame
from darknet_py.images.sources import open_source


def read(source: object, channels: int = 3, upright: bool = False) -> Frame:
    opened = open_source(source)
    assert (opened.length, opened.single, opened.moving) == (1, True, False)
    (pending,) = opened.frames
    return pending.read(channels, upright)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".webp"])
def test_they_are_decoded_as_the_file_is(tmp_path: Path, suffix: str, kind: type) -> None:
    path = tmp_path / f"a{suffix}"
    assert cv2.imwrite(str(path), noise_image())
    for channels in (1, 3):
        frame = read(kind(path.read_bytes()), channels)
        assert (frame.pixels == file_frame(path).read(channels).pixels).all()
        assert (frame.path, frame.size) == ("", (50, 40))


def test_exif_counts_as_in_a_file() -> None:
    exif = (
        b"\xff\xe1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    )
    data = cv2.imencode(".jpg", noise_image())[1].tobytes()
    turned = data[:2] + exif + data[2:]
    plain = read(data).pixels
    assert (read(turned).pixels == plain).all()
    assert (read(turned, upright=True).pixels == np.rot90(plain, -1)).all()  # type: ignore[arg-type]


def test_what_is_no_image_is_said_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImageError, match="^bytes: there are none; give the contents of an image"):
        read(b"")
    with pytest.raises(ImageError, match="^bytes: not an image: it looks like a text file"):
        read(b"dog.jpg")
    data = cv2.imencode(".png", noise_image())[1].tobytes()
    with pytest.raises(ImageError, match="^bytes: the image is cut short"):
        read(data[: len(data) // 2])
    monkeypatch.setenv("OPENCV_IO_MAX_IMAGE_PIXELS", "1000")
    with pytest.raises(OversizedImage, match="^bytes: 50 x 40 pixels; more than the limit of 1000"):
        read(data)


def test_lists_and_generators_of_them() -> None:
    files = [cv2.imencode(".png", noise_image(seed))[1].tobytes() for seed in range(2)]
    opened = open_source(files)
    assert (opened.length, opened.single) == (2, False)

    def reused() -> object:
        buffer = bytearray(len(files[0]) + 9)
        for data in files:
            buffer[:] = data
            yield buffer

    for frames in (opened.frames, list(open_source(reused()).frames)):
        for seed, frame in enumerate(frames):
            assert (frame.read().pixels == noise_image(seed)).all() and frame.number == seed
