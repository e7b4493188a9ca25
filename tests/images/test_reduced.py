"""Images of all kinds as training reads them, and those that cannot be read."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from support.coloured_samples import config_of, sample

from darknet_py.data.detection_samples import DetectionSet
from darknet_py.errors import ImageError


def images_of_all_kinds(folder: Path) -> dict[str, Path]:
    """The same image, a brighter right half, in several formats."""
    grey = np.full((40, 60), 50, np.uint8)
    grey[:, 30:] = 200
    colour = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
    alpha = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGRA)
    alpha[..., 3] = 9
    made = {
        "grey.png": grey,
        "grey.jpg": grey,
        "colour.png": colour,
        "colour.bmp": colour,
        "colour.tif": colour,
        "alpha.png": alpha,
        "deep.png": colour.astype(np.uint16) * 257,
        "deep.tif": grey.astype(np.uint16) * 257,
    }
    for name, pixels in made.items():
        assert cv2.imwrite(str(folder / name), pixels)
    return {name: folder / name for name in made}


@pytest.mark.parametrize("channels", [1, 3])
def test_images_of_all_kinds_look_alike(tmp_path: Path, channels: int) -> None:
    config = config_of(tmp_path, "flip=0", channels=channels)
    for name, path in images_of_all_kinds(tmp_path).items():
        pixels, _ = sample(DetectionSet([str(path)], config), 0, (60, 40))
        assert np.abs(pixels[:, :29].astype(int) - 50).max() <= 2, name
        assert np.abs(pixels[:, 31:].astype(int) - 200).max() <= 2, name


def test_exif_is_ignored_as_in_detection(tmp_path: Path) -> None:
    path = tmp_path / "turned.jpg"
    assert cv2.imwrite(str(path), np.zeros((40, 60, 3), np.uint8))
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    data = path.read_bytes()
    block = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    path.write_bytes(data[:2] + block + data[2:])
    image, _ = DetectionSet([str(path)], config_of(tmp_path)).pick(np.random.default_rng(0))
    assert image.size == (60, 40)
    assert image.pixels(3, (60, 40)).shape == (40, 60, 3)


@pytest.mark.parametrize(
    "contents", [b"", b"no image", b"\xff\xd8\xff\xe0 broken", b"\x89PNG\r\n\x1a\n" + bytes(40)]
)
def test_a_image_that_cannot_be_read_is_named(tmp_path: Path, contents: bytes) -> None:
    path = tmp_path / "bad.jpg"
    path.write_bytes(contents)
    with pytest.raises(ImageError, match=r"bad\.jpg: "):
        DetectionSet([str(path)], config_of(tmp_path)).sample(0, 64, 48, 0)
    with pytest.raises(ImageError, match=r"gone\.jpg: no such file"):
        DetectionSet([str(tmp_path / "gone.jpg")], config_of(tmp_path)).sample(0, 64, 48, 0)
