"""PIL's images as sources, of every mode."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from darknet_py.errors import ImageError
from darknet_py.images.frames import Frame, file_frame
from darknet_py.images.pil_images import MODES, is_pil_image
from darknet_py.images.sources import open_source

Image = pytest.importorskip("PIL.Image")
RGB = np.random.default_rng(0).integers(0, 256, (6, 9, 3), np.uint8)
BGR = RGB[..., ::-1]
ALPHA = np.random.default_rng(1).integers(0, 256, (6, 9), np.uint8)
RGBA = np.dstack([RGB, ALPHA])


def read(source: object, channels: int = 3, upright: bool = False) -> Frame:
    opened = open_source(source)
    assert (opened.length, opened.single, opened.moving) == (1, True, False)
    (pending,) = opened.frames
    return pending.read(channels, upright)


def test_colours_alpha_and_grey_as_the_channels_ask() -> None:
    image = Image.fromarray(RGB)
    assert (read(image).pixels == BGR).all() and read(image).size == (9, 6)
    grey = cv2.cvtColor(np.ascontiguousarray(BGR), cv2.COLOR_BGR2GRAY)
    assert (read(image, 1).pixels[..., 0] == grey).all()  # type: ignore[index]
    assert (read(image, 4).pixels == np.dstack([BGR, np.full((6, 9), 255)])).all()
    alpha = Image.fromarray(RGBA)
    assert (read(alpha).pixels == BGR).all()
    assert (read(alpha, 4).pixels == np.dstack([BGR, ALPHA])).all()


def test_grey_modes() -> None:
    grey = np.repeat(ALPHA[..., None], 3, 2)
    assert (read(Image.fromarray(ALPHA)).pixels == grey).all()
    wide = ALPHA.astype(np.uint16) * 256 + 99
    assert Image.fromarray(wide).mode == "I;16"
    assert (read(Image.fromarray(wide)).pixels == grey).all()
    assert (read(Image.fromarray(wide.astype(np.int32))).pixels == grey).all()
    big = Image.frombytes("I;16B", (9, 6), wide.astype(">u2").tobytes())
    assert (read(big).pixels == grey).all()
    assert (read(Image.fromarray((ALPHA / 255).astype(np.float32))).pixels == grey).all()
    black_and_white = Image.fromarray(np.where(ALPHA > 127, 255, 0).astype(np.uint8)).convert("1")
    assert (read(black_and_white).pixels == np.where(grey > 127, 255, 0)).all()
    both = Image.merge("LA", [Image.fromarray(ALPHA), Image.fromarray(RGB[..., 0])])
    assert (read(both, 4).pixels == np.dstack([grey, RGB[..., 0]])).all()


def test_other_modes_have_the_colours_that_pil_gives_them() -> None:
    image = Image.fromarray(RGB)
    for mode in ("CMYK", "YCbCr", "HSV", "P"):
        other = image.convert(mode)
        expected = np.asarray(other.convert("RGB"))[..., ::-1]
        assert (read(other).pixels == expected).all(), mode
    assert set(Image.MODES) - {"P"} <= set(MODES)


def test_a_palette_with_a_colour_that_is_not_there(tmp_path: Path) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([9, 8, 7, 60, 50, 40])
    image.putdata([0, 1])
    image.info["transparency"] = 0
    assert read(image, 4).pixels.tolist() == [[[7, 8, 9, 0], [40, 50, 60, 255]]]  # type: ignore


def test_an_image_of_a_file_is_that_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), BGR)
    with Image.open(path) as image:
        frame = read(image)
    assert frame.path == str(path) and (frame.pixels == file_frame(path).read().pixels).all()


def test_orientation_counts_if_asked() -> None:
    data = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(RGB).save(data, "PNG", exif=exif)
    image = Image.open(data)
    assert (read(image).pixels == BGR).all()
    assert (read(image, 3, True).pixels == np.rot90(BGR, -1)).all()
    exif[0x0112] = 77
    image = Image.fromarray(RGB)
    image.info["exif"] = exif.tobytes()
    assert (read(image, 3, True).pixels == BGR).all()


def test_lists_and_generators_of_them() -> None:
    images = [Image.fromarray(RGB), Image.fromarray(RGB[::-1])]
    source = open_source(images)
    assert (source.length, source.single) == (2, False)
    assert [frame.number for frame in source.frames] == [0, 1]

    def closing() -> object:
        for image in images:
            given = image.copy()
            yield given
            given.close()

    found = [frame.read().pixels for frame in list(open_source(closing()).frames)]
    assert (found[0] == BGR).all() and (found[1] == BGR[::-1]).all()


def test_what_pil_cannot_read_is_an_error_of_one_line() -> None:
    data = io.BytesIO()
    Image.fromarray(np.tile(RGB, (40, 40, 1))).save(data, "PNG")
    cut = Image.open(io.BytesIO(data.getvalue()[: len(data.getvalue()) // 2]))
    with pytest.raises(ImageError, match="an image of PIL's cannot be read: .*; save it again"):
        read(cut)
    far = Image.fromarray(np.full((2, 2), 70_000, np.int32))
    with pytest.raises(ImageError, match="must lie in 0..65535"):
        read(far)
    odd = Image.fromarray(RGB)
    odd._mode = "XYZ"
    with pytest.raises(ImageError, match="PIL's mode XYZ is not known; convert it to RGB"):
        read(odd)


def test_pil_and_torch_are_known_without_being_imported() -> None:
    code = (
        "import sys, darknet_py.images.sources as s\n"
        "import darknet_py.images.pil_images as p\n"
        "import darknet_py.images.tensor_images as t\n"
        "assert not p.is_pil_image(object()) and 'PIL' not in sys.modules\n"
        "assert not t.is_tensor(object()) and 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert is_pil_image(Image.new("L", (1, 1))) and not is_pil_image(RGB)
