"""Reading images, against OpenCV's own reader; files and arrays that are none."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from darknet_py.errors import ImageError
from darknet_py.images import io
from darknet_py.images.io import check_image, from_bgr, read_image


def noise(width: int, height: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    shape = (height, width, channels) if channels else (height, width)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def smooth(width: int, height: int) -> np.ndarray:
    return cv2.GaussianBlur(noise(width, height), (9, 9), 3)


def encoded(suffix: str, pixels: np.ndarray) -> bytes:
    return cv2.imencode(suffix, pixels)[1].tobytes()


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tiff", ".ppm", ".jpg", ".webp"])
def test_reading_gives_rgb(tmp_path: Path, suffix: str) -> None:
    bgr = smooth(31, 22)
    path = written(tmp_path, f"größe 狗{suffix}", encoded(suffix, bgr))
    found = read_image(path)
    assert (found.shape, found.dtype) == ((22, 31, 3), np.uint8)
    assert np.abs(found[..., ::-1].astype(int) - bgr).mean() < (
        6 if suffix in (".jpg", ".webp") else 1e-9
    )


def test_reading_grey(tmp_path: Path) -> None:
    grey, bgr = noise(9, 7, 0), smooth(9, 7)
    path = written(tmp_path, "grey.png", encoded(".png", grey))
    assert (read_image(path) == grey[..., None]).all()
    assert (read_image(path, channels=1) == grey[..., None]).all()
    coloured = written(tmp_path, "colour.png", encoded(".png", bgr))
    expected = cv2.imread(str(coloured), cv2.IMREAD_GRAYSCALE)
    assert (read_image(coloured, channels=1)[..., 0] == expected).all()
    with pytest.raises(ImageError, match="1, 3 or 4 channels, not 2"):
        read_image(path, channels=2)


def test_alpha_is_dropped_and_the_high_byte_kept(tmp_path: Path) -> None:
    bgra = noise(9, 7, 4)
    found = read_image(written(tmp_path, "alpha.png", encoded(".png", bgra)))
    assert (found[..., ::-1] == bgra[..., :3]).all()
    deep = np.random.default_rng(1).integers(0, 65536, (7, 9, 3), np.uint16)
    found = read_image(written(tmp_path, "deep.png", encoded(".png", deep)))
    assert (found[..., ::-1] == deep >> 8).all()


def test_orientation_is_ignored_unless_asked_for(tmp_path: Path) -> None:
    jpeg = encoded(".jpg", smooth(32, 16))
    # One EXIF entry: orientation (0x112), a short, value 6: turned by a quarter.
    tiff = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x112, 3, 1, 6, 0, 0)
    exif = b"Exif\0\0" + tiff
    segment = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    path = written(tmp_path, "turned.jpg", jpeg[:2] + segment + jpeg[2:])
    assert read_image(path).shape == (16, 32, 3)
    assert read_image(path, honour_exif=True).shape == (32, 16, 3)


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + header
        + chunk(b"IDAT", zlib.compress(bytes(99)))
        + chunk(b"IEND", b"")
    )


def jpeg_announcing(width: int, height: int) -> bytes:
    data = encoded(".jpg", smooth(16, 16))
    frame = data.index(b"\xff\xc0")
    return data[: frame + 5] + struct.pack(">HH", height, width) + data[frame + 9 :]


JPEG = encoded(".jpg", smooth(64, 48))
PNG = encoded(".png", smooth(64, 48))
THUMBNAIL = JPEG[:2] + b"\xff\xe1" + struct.pack(">H", 6) + b"\xff\xd8\xff\xd9" + JPEG[2:]
BROKEN = {
    "empty": (b"", "empty"),
    "half a jpeg": (JPEG[: len(JPEG) // 2], "cut short"),
    "half a jpeg with thumbnail": (THUMBNAIL[: len(JPEG) // 2], "cut short"),
    "a jpeg without end": (JPEG[:-2], "cut short"),
    "the start of a jpeg": (JPEG[:40], "JPEG image is damaged"),
    "half a png": (PNG[: len(PNG) // 2], "cut short"),
    "half a webp": (encoded(".webp", smooth(64, 48))[:200], "WebP image is damaged"),
    "half a tiff": (encoded(".tiff", smooth(64, 48))[:20], "damaged"),
    "a web page": (b"\n<!DOCTYPE html><html><body>404", "HTML"),
    "a pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "git lfs pull"),
    "a text": (b"0 0.5 0.5 0.1 0.1\n", "a text file"),
    "a pdf": (b"%PDF-1.7", "PDF"),
    "a phone photograph": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
    "a video": (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "a video"),
    "weights": (bytes(range(256)) * 8, "no format known"),
    "a huge png": (png_header(20000, 20000), f"20000 x 20000.*{io.PIXELS_VARIABLE}"),
    "a huge jpeg": (jpeg_announcing(20000, 30000), "20000 x 30000"),
    "a png of no width": (png_header(0, 10), "0 x 10"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files(tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    data, words = BROKEN[name]
    path = written(tmp_path, name, data)
    with pytest.raises(ImageError, match=words) as caught:
        read_image(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert "[ WARN" not in (said := capfd.readouterr().err)
    assert "[ERROR" not in said


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no such file"):
        read_image(tmp_path / "gone.jpg")
    with pytest.raises(ImageError, match="is a folder"):
        read_image(str(tmp_path))


@pytest.mark.parametrize("name", BROKEN)
def test_checking_says_what_reading_says(tmp_path: Path, name: str) -> None:
    data, words = BROKEN[name]
    path = written(tmp_path, name, data)
    with pytest.raises(ImageError, match=words):
        check_image(path)


@pytest.mark.parametrize("size", [(1, 1), (7, 9), (63, 64), (200, 100)])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".webp"])
def test_good_images_pass_the_check(tmp_path: Path, size: tuple[int, int], suffix: str) -> None:
    path = written(tmp_path, f"a{suffix}", encoded(suffix, smooth(*size)))
    check_image(path)
    check_image(path, decode=False)


def test_a_quick_check_looks_at_the_header(tmp_path: Path) -> None:
    large = noise(400, 400)
    for data in (JPEG[:50] + b"\0" + JPEG[51:], encoded(".jpg", large)[:-2]):
        check_image(written(tmp_path, "a", data), decode=False)
    with pytest.raises(ImageError, match="cut short"):
        check_image(written(tmp_path, "a", PNG[: len(PNG) // 2]), decode=False)
    for name in ("empty", "the start of a jpeg", "a web page", "a huge png", "half a webp"):
        data, words = BROKEN[name]
        with pytest.raises(ImageError, match=words):
            check_image(written(tmp_path, "a", data), decode=False)


def test_what_follows_the_end_does_no_harm(tmp_path: Path) -> None:
    for name, data in (("a.jpg", JPEG), ("a.png", PNG), ("b.jpg", THUMBNAIL)):
        assert read_image(written(tmp_path, name, data + b"more" * 5000)).shape == (48, 64, 3)


def test_the_pixel_limit_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "a.png", PNG)
    monkeypatch.setenv(io.PIXELS_VARIABLE, "3000")
    with pytest.raises(ImageError, match="64 x 48 pixels; more than the limit of 3000"):
        read_image(path)
    monkeypatch.setenv(io.PIXELS_VARIABLE, "4KB")
    assert read_image(path).shape == (48, 64, 3)


def test_opencv_itself_keeps_the_limit(tmp_path: Path) -> None:
    """In a fresh interpreter: the limit is in force only when it is set before the import."""
    path = written(tmp_path, "huge.ppm", b"P6 20000 20000 255\n" + bytes(99))
    code = f"from darknet_py.images import io; import cv2; cv2.imread({str(path)!r})"
    clean = {key: value for key, value in os.environ.items() if key != io.PIXELS_VARIABLE}
    root = Path(io.__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", code], env=clean, cwd=root, capture_output=True)
    last = run.stderr.decode()
    assert "cv2.error" in run.stderr.decode() and "IMAGE_PIXELS" in last


def test_arrays_of_every_kind() -> None:
    bgr = noise(7, 5)
    rgb = bgr[..., ::-1]
    alpha = np.concatenate((bgr, noise(7, 5, 1)), axis=2)
    for array in (bgr, alpha, bgr.astype(np.uint16) * 256 + 255, bgr / 255.0, bgr[:, :, :3]):
        assert (from_bgr(array) == rgb).all()
    assert (from_bgr(bgr[::-1, ::2]) == rgb[::-1, ::2]).all()
    grey = noise(7, 5, 0)
    assert (from_bgr(grey) == grey[..., None]).all()
    assert from_bgr(grey).shape == (5, 7, 3)
    assert (from_bgr(grey[..., None], 1)[..., 0] == grey).all()
    assert from_bgr(bgr, 1).shape == (5, 7, 1)
    assert from_bgr(bgr.astype(np.float16) / 255).dtype == np.uint8


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (noise(4, 4).astype(np.int32), "int32"),
        (noise(4, 4) > 9, "bool"),
        (noise(4, 4).astype(np.float32), "0..1"),
        (np.full((4, 4, 3), np.nan), "0..1"),
        (-np.ones((4, 4, 3)), "0..1"),
        (noise(4, 4, 2), r"\(4, 4, 2\)"),
        (noise(4, 4)[None], r"\(1, 4, 4, 3\)"),
        (np.zeros((0, 4, 3), np.uint8), r"\(0, 4, 3\)"),
        ([[1, 2], [3, 4]], "numpy array, not list"),
    ],
)
def test_arrays_that_are_no_images(array: np.ndarray, words: str) -> None:
    with pytest.raises(ImageError, match=words):
        from_bgr(array)


def png_of(bits: int, colour: int, rows: bytes, interlaced: int = 0, *extra: bytes) -> bytes:
    """An 8 x 8 PNG; extra: chunks before its pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        checked = kind + body
        return struct.pack(">I", len(body)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", 8, 8, bits, colour, 0, 0, interlaced)
    parts = (chunk(b"IHDR", header), *(chunk(body[:4], body[4:]) for body in extra))
    pixels = chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + pixels + chunk(b"IEND", b"")


PALETTE = b"PLTE" + bytes((10, 20, 30, 200, 100, 50))
# Width and height of the seven passes of an interlaced image of 8 x 8.
PASSES = ((1, 1), (1, 1), (2, 1), (2, 2), (4, 2), (4, 4), (8, 4))
KINDS_OF_PNG = {
    "bits": (png_of(1, 0, b"\0\xff" * 8), (255, 255, 255)),
    "palette": (png_of(8, 3, (b"\0" + b"\1" * 8) * 8, 0, PALETTE), (200, 100, 50)),
    "palette with alpha": (
        png_of(8, 3, (b"\0" + b"\1" * 8) * 8, 0, PALETTE, b"tRNS\xff\0"),
        (200, 100, 50),
    ),
    "grey with alpha": (png_of(8, 4, (b"\0" + b"\x64\x09" * 8) * 8), (100, 100, 100)),
    "deep colours with alpha": (
        png_of(16, 6, (b"\0" + b"\x64\0\x32\0\x19\0\0\xff" * 8) * 8),
        (100, 50, 25),
    ),
    "interlaced": (
        png_of(8, 0, b"".join((b"\0" + b"\x64" * width) * height for width, height in PASSES), 1),
        (100, 100, 100),
    ),
}


@pytest.mark.parametrize("name", KINDS_OF_PNG)
def test_every_kind_of_png_is_read(tmp_path: Path, name: str) -> None:
    data, colour = KINDS_OF_PNG[name]
    path = written(tmp_path, "a.png", data)
    assert (read_image(path) == np.array(colour)).all()
    check_image(path)
    grey = read_image(path, channels=1)
    assert grey.shape == (8, 8, 1) and abs(int(grey[0, 0, 0]) - grey.mean()) < 1
