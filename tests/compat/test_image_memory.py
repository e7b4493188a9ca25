"""IMAGE made, filled, read and changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from darknet_py.compat.dialects import use_dialect
from darknet_py.compat.image_memory import (
    array_to_image,
    copy_image_from_bytes,
    free_image,
    letterbox_image,
    load_image,
    make_image,
    rgbgr_image,
)
from darknet_py.compat.structures import IMAGE
from darknet_py.errors import DarknetError, ImageError
from darknet_py.images.resize import letterboxed, resized

PIXELS = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
"""Two rows of four pixels."""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "a.png"
    assert cv2.imwrite(str(path), PIXELS[..., ::-1])
    return str(path)


def test_bytes_become_channels_of_shares() -> None:
    image = make_image(4, 2, 3)
    assert not image.chw().any()
    copy_image_from_bytes(image, PIXELS.tobytes())
    assert (image.chw() == PIXELS.transpose(2, 0, 1) / np.float32(255)).all()
    # Channel 1 of the second row's first pixel.
    assert image.data[1 * 8 + 4] == float(np.float32(13 / 255))


def test_bytes_of_another_number_are_refused() -> None:
    image = make_image(4, 2, 3)
    with pytest.raises(DarknetError, match=r"23 bytes do not fill IMAGE\(4, 2, 3\), expected 24"):
        copy_image_from_bytes(image, PIXELS.tobytes()[:-1])
    with pytest.raises(TypeError, match="pdata: expected bytes, got ndarray; use array.tobytes"):
        copy_image_from_bytes(image, PIXELS)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="im: expected what make_image, load_image or IMAGE"):
        copy_image_from_bytes(None, b"")  # type: ignore[arg-type]


@pytest.mark.parametrize("sizes", [(0, 1, 3), (-1, 1, 3), (1 << 20, 1 << 20, 3)])
def test_sizes_that_no_image_has(sizes: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="w, h, c: expected from 1 to 2147483648 numbers in all"):
        make_image(*sizes)


def test_a_file_is_rgb(file: str) -> None:
    image = load_image(file.encode(), 0, 0)
    assert (image.w, image.h, image.c) == (4, 2, 3)
    assert (image.chw() == PIXELS.transpose(2, 0, 1) / np.float32(255)).all()
    grey = load_image(file, 0, 0, 1)
    assert (grey.c, grey.w) == (1, 4)
    assert round(grey.data[3] * 255) in (9, 10)  # of 9, 10 and 11; PNG readers round in two ways


def test_a_file_is_resized_as_the_dialect_does(file: str) -> None:
    whole = load_image(file, 0, 0).chw()
    assert (load_image(file, 6, 3).chw() == resized(whole, 6, 3)).all()
    assert load_image(file, 0, 3).h == 2
    use_dialect("hank-ai")
    made = load_image(file, 6, 3, 3).chw()
    expected = cv2.resize(PIXELS, (6, 3), interpolation=cv2.INTER_LINEAR_EXACT)
    assert (np.rint(made * 255) == expected.transpose(2, 0, 1)).all()


def test_an_image_lies_as_the_dialects_program_takes_it(tmp_path: Path) -> None:
    path = tmp_path / "turned.jpg"
    done, jpeg = cv2.imencode(".jpg", np.repeat(PIXELS, 8, axis=0))
    assert done
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    path.write_bytes(jpeg.tobytes()[:2] + segment + jpeg.tobytes()[2:])
    upright = load_image(str(path), 0, 0)
    assert (upright.w, upright.h) == (16, 4)
    use_dialect("pjreddie")
    as_stored = load_image(str(path), 0, 0)
    assert (as_stored.w, as_stored.h) == (4, 16)


def test_what_is_no_image(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"none.png: no such file"):
        load_image(str(tmp_path / "none.png"), 0, 0)
    with pytest.raises(TypeError, match="path: expected a path as bytes or str, got int"):
        load_image(3, 0, 0)  # type: ignore[arg-type]


def test_letterboxing(file: str) -> None:
    image = load_image(file, 0, 0)
    boxed = letterbox_image(image, 8, 8)
    assert (boxed.chw() == letterboxed(image.chw(), 8, 8)).all()
    assert boxed.data[0] == 0.5
    with pytest.raises(ValueError, match="expected from 1"):
        letterbox_image(image, 0, 8)


def test_red_and_blue_change_places(file: str) -> None:
    image = load_image(file, 0, 0)
    before = image.chw().copy()
    rgbgr_image(image)
    assert (image.chw() == before[::-1]).all()
    with pytest.raises(DarknetError, match="has 1 channels, expected 3"):
        rgbgr_image(make_image(1, 1, 1))


def test_an_image_of_an_array() -> None:
    image, numbers = array_to_image(PIXELS)
    assert (image.chw() == PIXELS.transpose(2, 0, 1) / np.float32(255)).all()
    numbers[0] = 0.5
    assert image.data[0] == 0.5
    with pytest.raises(TypeError, match=r"arr: expected an array \(h, w, c\), got one of shape"):
        array_to_image(PIXELS[0])


def test_a_freed_image_is_not_used(file: str) -> None:
    image: Any = load_image(file, 0, 0)
    free_image(image)
    with pytest.raises(DarknetError, match="has no pixels; it has been freed"):
        letterbox_image(image, 2, 2)
    free_image(image)
    assert isinstance(image, IMAGE) and image.data is None
