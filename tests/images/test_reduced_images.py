"""Images of all kinds as training reads them, and those that cannot be read."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from support.coloured_samples import config_of, sample

from darknet_py.augment.draws import SampleDraws
from darknet_py.augment.sample_images import SampleImages
from darknet_py.data.detection_samples import DetectionSet
from darknet_py.data.image_cache import cache_images
from darknet_py.errors import ImageError
from darknet_py.images.io import read_image
from darknet_py.images.reduced_images import open_reducible, reduced
from darknet_py.images.resize import fit


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


@pytest.mark.parametrize(("fork", "size"), [("alexeyab", (40, 60)), ("pjreddie", (60, 40))])
def test_exif_counts_as_in_detection(tmp_path: Path, fork: str, size: tuple[int, int]) -> None:
    path = tmp_path / "turned.jpg"
    assert cv2.imwrite(str(path), np.zeros((40, 60, 3), np.uint8))
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    data = path.read_bytes()
    block = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    path.write_bytes(data[:2] + block + data[2:])
    source = DetectionSet([str(path)], config_of(tmp_path, fork=fork))
    image = source.pick(SampleImages(SampleDraws.of(np.random.default_rng(0)), 0))[0]
    assert image.size == size
    assert image.pixels(3, size).shape == (size[1], size[0], 3)
    assert open_reducible(str(path), fork == "alexeyab", True).pixels(3, (20, 20)).shape[1::-1] == (
        size[0] // 2,
        size[1] // 2,
    )


@pytest.mark.parametrize(
    "contents", [b"", b"no image", b"\xff\xd8\xff\xe0 broken", b"\x89PNG\r\n\x1a\n" + bytes(40)]
)
def test_an_image_that_cannot_be_read_is_named(tmp_path: Path, contents: bytes) -> None:
    path = tmp_path / "bad.jpg"
    path.write_bytes(contents)
    with pytest.raises(ImageError, match=r"bad\.jpg: "):
        DetectionSet([str(path)], config_of(tmp_path)).sample(0, 64, 48, 0)
    with pytest.raises(ImageError, match=r"gone\.jpg: no such file"):
        DetectionSet([str(tmp_path / "gone.jpg")], config_of(tmp_path)).sample(0, 64, 48, 0)


def test_an_image_is_halved_while_it_stays_large_enough() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 100, 3), np.uint8)
    assert reduced(pixels, (60, 10)) is pixels
    assert reduced(pixels, (25, 20)).shape == (20, 50, 3)
    assert reduced(pixels, (25, 10)).shape == (10, 25, 3)
    flat = reduced(np.full((40, 100, 1), 7, np.uint8), (25, 10))
    assert flat.shape == (10, 25, 1) and (flat == 7).all()


def test_a_file_that_tells_its_size_is_decoded_as_small_as_it_may_be(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.jpg"), np.full((80, 160, 3), 100, np.uint8))
    image = open_reducible(str(tmp_path / "a.jpg"), reducible=True)
    assert image.size == (160, 80)
    assert image.pixels(3, (40, 20)).shape == (20, 40, 3)
    assert image.pixels(1, (160, 80)).shape == (80, 160, 1)
    assert open_reducible(str(tmp_path / "a.jpg")).pixels(3, (40, 20)).shape == (80, 160, 3)


def detail(pixels: np.ndarray) -> float:
    """Mean of how much a pixel differs from those around it."""
    return float(np.abs(cv2.Laplacian(pixels.astype(np.float32), cv2.CV_32F)).mean())


def test_training_sees_the_texture_that_a_test_sees(tmp_path: Path) -> None:
    """Both programs resize whole images bilinearly, which keeps what an average smooths away."""
    rng = np.random.default_rng(0)
    coarse = cv2.resize(rng.integers(0, 256, (90, 120, 3), np.uint8), (967, 731))
    grain = rng.normal(0, 30, coarse.shape)
    path = tmp_path / "a.jpg"
    assert cv2.imwrite(str(path), np.clip(coarse + grain, 0, 255).astype(np.uint8))
    config = config_of(tmp_path, "flip=0")
    size = (160, 120)
    fitted = fit(read_image(path), 3, *size, False).transpose(1, 2, 0) * 255
    whole, reduced_ = (
        detail(sample(DetectionSet([str(path)], config, reduced=small), 0, size)[0])
        for small in (False, True)
    )
    cached = {str(path): cache_images([str(path)], 3)[str(path)]}
    assert whole == detail(sample(DetectionSet([str(path)], config, cached), 0, size)[0])
    assert whole == pytest.approx(detail(fitted), rel=0.03)
    assert reduced_ < 0.8 * whole
