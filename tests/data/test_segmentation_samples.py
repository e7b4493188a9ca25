"""Samples of segmenters: the truth is the piece of the masks that the image is of its image."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from support.layer_check import read
from support.masked_shapes import run_lengths, scene

from darknet_py.augment.affine import AffineParams
from darknet_py.augment.piece_config import PieceConfig, PieceParams
from darknet_py.data.segmentation_samples import InstanceSet, MaskedSet, SegmenterSet
from darknet_py.errors import DataError, ImageError

STILL = "min_crop={0}\nmax_crop={0}\n"
"""The piece is the whole image, in its own size."""


def files(folder: Path, pixels: np.ndarray, rows: str) -> list[str]:
    for name in ("images", "mask"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(folder / "images" / "a.png"), pixels)
    (folder / "mask" / "a.txt").write_text(rows)
    return [str(folder / "images" / "a.png")]


def config(side: int, options: str = "") -> PieceConfig:
    cfg = f"[net]\nwidth={side}\nheight={side}\nchannels=3\n{options}[conv]\nfilters=2\n"
    return PieceConfig.of(read(cfg), ratios=False)


def masks(*shape: int) -> list[np.ndarray]:
    return [np.random.default_rng(seed).random(shape) < 0.4 for seed in range(3)]


def unflipped(source: MaskedSet, image: np.ndarray, side: int) -> tuple[np.ndarray, bool]:
    """The first sample's truth, and whether its image was mirrored."""
    chw, truth = source.sample(0, side, side, 0)
    whole = image[:, :, ::-1].transpose(2, 0, 1)
    mirrored = not (chw == whole).all()
    assert (chw == (whole[:, :, ::-1] if mirrored else whole)).all()
    return truth, mirrored


@pytest.mark.parametrize("seed", range(4))
def test_every_nth_pixel_of_the_classes(tmp_path: Path, seed: int) -> None:
    """The image as it is: the truth is every 4th pixel, of the classes' masks together."""
    image = np.random.default_rng(9).integers(0, 256, (16, 16, 3), np.uint8)
    one, two, three = masks(16, 16)
    rows = f"2 {run_lengths(one)}\n0 {run_lengths(two)}\n2 {run_lengths(three)}\n"
    paths = files(tmp_path, image, rows)
    source = SegmenterSet(paths, config(16, STILL.format(16)), classes=3, reduction=4)
    chw, truth = source.sample(seed, 16, 16, 0)
    mirrored = not (chw == image[:, :, ::-1].transpose(2, 0, 1)).all()
    expected = np.stack([two, np.zeros_like(one), one | three])[:, ::4, ::4]
    expected = expected[:, :, ::-1] if mirrored else expected
    assert truth.dtype == np.float32 and truth.shape == (3 * 4 * 4,)
    np.testing.assert_array_equal(truth.reshape(3, 4, 4), expected)


def test_both_ways_round_are_drawn(tmp_path: Path) -> None:
    image = np.random.default_rng(9).integers(0, 256, (8, 8, 3), np.uint8)
    paths = files(tmp_path, image, "0 10,20\n")
    source = SegmenterSet(paths, config(8, STILL.format(8)), classes=1, reduction=1)
    pieces = [source.sample(number, 8, 8, 0)[0] for number in range(12)]
    plain = image[:, :, ::-1].transpose(2, 0, 1)
    assert {bool((one == plain).all()) for one in pieces} == {True, False}
    assert all((one == plain).all() or (one == plain[..., ::-1]).all() for one in pieces)


def test_objects_one_by_one(tmp_path: Path) -> None:
    image = np.random.default_rng(9).integers(0, 256, (9, 9, 3), np.uint8)
    one, two, _ = masks(9, 9)
    paths = files(tmp_path, image, f"1 {run_lengths(one)}\n0 {run_lengths(two)}\n")
    source = InstanceSet(paths, config(9, STILL.format(9)), classes=2, reduction=3)
    truth, mirrored = unflipped(source, image, 9)
    rows = truth.reshape(90, 1 + 3 * 3)
    assert rows[:, 0].tolist() == [1, 0] + [-1] * 88
    # Corner pixels on corner pixels: of 9 pixels the 1st, 5th and 9th.
    for row, mask in zip(rows, (one, two), strict=False):
        expected = (mask[:, ::-1] if mirrored else mask)[::4, ::4]
        np.testing.assert_allclose(row[1:].reshape(3, 3), expected, atol=1e-6)


def test_objects_beyond_90_do_not_count(tmp_path: Path) -> None:
    rows = "".join(f"{number % 2} {number % 20},9\n" for number in range(95))
    paths = files(tmp_path, np.zeros((8, 8, 3), np.uint8), rows)
    source = InstanceSet(paths, config(8, STILL.format(8)), classes=2, reduction=2)
    truth = source.sample(0, 8, 8, 0)[1].reshape(90, -1)
    assert truth[:, 0].tolist() == [number % 2 for number in range(90)]


def test_turned_and_stretched_masks_stay_on_their_objects(tmp_path: Path) -> None:
    """A mask painted as an image of its own goes through augmentation as the image does."""
    _, (circle, square) = scene(3)
    painted = np.zeros((48, 48, 3), np.uint8)
    painted[..., 2], painted[..., 1] = 255 * circle, 255 * square
    paths = files(tmp_path, painted, f"0 {run_lengths(circle)}\n1 {run_lengths(square)}\n")
    options = "min_crop=32\nmax_crop=64\nangle=40\naspect=1.5\n"
    for number in range(6):
        whole = SegmenterSet(paths, config(32, options), classes=2, reduction=1)
        chw, truth = whole.sample(number, 32, 32, 5)
        np.testing.assert_allclose(truth.reshape(2, 32, 32), chw[:2] / 255, atol=0.5 / 255 + 1e-6)


MEASURED_CLASSES = """
    .000 .000 .000 .000 .000 .000
    .579 1.000 .029 .000 .000 .000
    1.000 1.000 1.000 1.000 .000 .000
    1.000 1.000 1.000 1.000 .000 .000

    .000 1.000 1.000 .266 .000 .000
    .000 .000 .917 1.000 1.000 1.000
    .000 .000 1.000 1.000 1.000 1.000
    .000 .000 1.000 1.000 1.000 1.000
"""
MEASURED_OBJECTS = """
    .000 .000 .000 .653 .000 .000
    .000 .000 .029 1.000 1.000 1.000
    .000 .000 .556 1.000 1.000 1.000
    .000 .000 .000 .000 .803 .622

    .000 .000 .000 .000 .000 .000
    .000 1.000 1.000 .051 .000 .000
    .000 1.000 1.000 1.000 .000 .000
    .000 1.000 1.000 1.000 .000 .000

    .000 .381 1.000 .000 .000 .000
    .000 .000 .000 .000 .000 .000
    .000 .000 .000 .000 .000 .000
    .000 .000 .000 .000 .000 .000
"""
"""What pjreddie's program made of three rectangles in 30 x 22 pixels: classes 0 and 2 of 3, and the
objects, in a piece of 24 x 16 that is turned, stretched, moved and mirrored."""


class _OnePiece(PieceConfig):
    """Draws always the same."""

    def draw(self, *_: object) -> PieceParams:
        return PieceParams(AffineParams(0.3, 1.1, 1.2, 2.5, -1.5), flip=True)


def test_pieces_of_masks_as_pjreddies_program_measured_them(tmp_path: Path) -> None:
    rectangles = [np.zeros((22, 30), bool) for _ in range(3)]
    rectangles[0][3:15, 4:20] = rectangles[1][8:20, 12:28] = rectangles[2][0:6, 20:30] = True
    rows = [f"{id} {run_lengths(one)}\n" for id, one in zip((2, 0, 2), rectangles, strict=True)]
    paths = files(tmp_path, np.zeros((22, 30, 3), np.uint8), "".join(rows))
    pieces = _OnePiece(**vars(config(24)))
    classes = SegmenterSet(paths, pieces, classes=3, reduction=4).sample(0, 24, 16, 0)[1]
    measured = np.array(MEASURED_CLASSES.split(), float).reshape(2, 4, 6)
    np.testing.assert_allclose(classes.reshape(3, 4, 6)[[0, 2]], measured, atol=6e-4)
    assert not classes.reshape(3, 4, 6)[1].any()
    objects = InstanceSet(paths, pieces, classes=3, reduction=4).sample(0, 24, 16, 0)[1]
    first = objects.reshape(90, 25)[:3]
    assert first[:, 0].tolist() == [2, 0, 2]
    measured = np.array(MEASURED_OBJECTS.split(), float).reshape(3, 24)
    np.testing.assert_allclose(first[:, 1:], measured, atol=6e-4)


def test_inputs_that_are_not_square(tmp_path: Path) -> None:
    paths = files(tmp_path, np.full((30, 40, 3), 200, np.uint8), "0 0\n")
    source = SegmenterSet(paths, config(32, STILL.format(32)), classes=1, reduction=8)
    chw, truth = source.sample(0, 32, 16, 0)
    assert chw.shape == (3, 16, 32)
    # 32 pixels high, the image covers the middle of the input's height whatever dy is.
    np.testing.assert_allclose(truth.reshape(2, 4), 1, atol=1e-6)
    assert (chw[:, 8:] == 200).all()


def test_samples_can_be_repeated(tmp_path: Path) -> None:
    image, (circle, square) = scene(1)
    paths = files(tmp_path, image, f"0 {run_lengths(circle)}\n1 {run_lengths(square)}\n")
    options = "angle=20\nhue=.1\nsaturation=1.5\nexposure=1.5\n"
    source = SegmenterSet(paths, config(32, options), classes=2, reduction=4)
    first, again, other = (source.sample(number, 32, 32, 3) for number in (1, 1, 2))
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert (first[0] != other[0]).any()
    assert source.drawn(1, 32, 32, 3) == paths


def test_the_drawn_image_is_the_samples(tmp_path: Path) -> None:
    paths = []
    for value in (10, 20, 30, 40):
        paths += files(tmp_path / str(value), np.full((8, 8, 3), value, np.uint8), "0 0\n")
    source = SegmenterSet(paths, config(8, STILL.format(8)), classes=1, reduction=1)
    for number in range(8):
        (path,) = source.drawn(number, 8, 8, 1)
        assert source.sample(number, 8, 8, 1)[0].max() == int(Path(path).parents[1].name)


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no images to train on"):
        SegmenterSet([], config(8), classes=1, reduction=1)
    paths = files(tmp_path, np.zeros((8, 8, 3), np.uint8), "3 1\n")
    source = SegmenterSet(paths, config(8), classes=1, reduction=1)
    with pytest.raises(ImageError, match=r"mask/a.txt:1: read '3', expected a class from 0 to 0"):
        source.sample(0, 8, 8, 0)
