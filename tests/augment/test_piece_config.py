"""What a cfg says about pieces: crops in pixels or ratios, limits, and that draws follow it."""

from __future__ import annotations

import numpy as np
import pytest
from support.layer_check import read

from darknet_py.augment.affine import AffineParams
from darknet_py.augment.piece_config import PieceConfig, PieceParams
from darknet_py.errors import BadOption

LAYER = "[conv]\nfilters=2\n"


def config(options: str, ratios: bool, fork: str = "alexeyab") -> PieceConfig:
    return PieceConfig.of(
        read(f"[net]\nwidth=100\nheight=50\nchannels=3\n{options}{LAYER}", fork), ratios
    )


@pytest.mark.parametrize(
    ("options", "ratios", "expected"),
    [
        ("", False, (100, 200)),
        ("", True, (100, 200)),
        # A ratio is multiplied in single precision, which makes 52.99... of 53.
        ("min_crop=53\nmax_crop=97\n", False, (53, 97)),
        ("min_crop=53\nmax_crop=97\n", True, (52, 97)),
        ("min_ratio=.5\nmax_ratio=1.25\n", True, (50, 125)),
        ("min_ratio=.5\nmax_ratio=1.25\n", False, (100, 200)),
        ("min_ratio=.001\n", True, (1, 200)),
    ],
)
def test_sizes_of_the_shorter_side(options: str, ratios: bool, expected: tuple[int, int]) -> None:
    affine = config(options, ratios).affine
    assert (affine.low, affine.high, affine.beyond) == (*expected, True)


@pytest.mark.parametrize("fork", ["alexeyab", "pjreddie"])
def test_nothing_but_exif_depends_on_the_fork(fork: str) -> None:
    one = config("angle=7\naspect=1.5\nhue=.1\nsaturation=1.2\nexposure=1.3\n", True, fork)
    assert (one.affine.angle, one.affine.aspect) == (7, 1.5)
    assert (one.hue, one.saturation, one.exposure) == (0.1, 1.2, 1.3)
    assert (one.channels, one.upright) == (3, fork == "alexeyab")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("min_crop=0\n", "min_crop: read 0, expected more than 0"),
        ("aspect=0\n", "aspect: read 0, expected more than 0; 1 changes nothing"),
        ("channels=2\n", "channels: read 2, expected 3 for colours"),
    ],
)
def test_values_no_image_can_be_made_with(options: str, message: str) -> None:
    net = "[net]\nwidth=8\nheight=8\n" + ("" if "channels" in options else "channels=3\n")
    with pytest.raises(BadOption, match=message):
        PieceConfig.of(read(f"{net}{options}{LAYER}"), ratios=False)


def test_a_network_without_images() -> None:
    with pytest.raises(BadOption, match="needs width and height: it reads images"):
        PieceConfig.of(read("[net]\ninputs=4\n[connected]\noutput=2\n"), ratios=False)


def test_a_piece_is_mirrored_where_its_draw_says_so() -> None:
    pixels = np.arange(5 * 10 * 3, dtype=np.uint8).reshape(5, 10, 3)
    still, rng = config("", False), np.random.default_rng(0)
    plain, mirrored = (
        still.piece(pixels, PieceParams(AffineParams(), flip), rng, (10, 5))
        for flip in (False, True)
    )
    assert (mirrored == plain[:, ::-1]).all()
    drawn = {still.draw(rng, (10, 5), (10, 5)).flip for _ in range(20)}
    assert drawn == {True, False}


def test_colours_change() -> None:
    pixels = np.full((4, 4, 3), (200, 100, 50), np.uint8)
    bright = config("exposure=3\n", False)
    pieces = [
        bright.piece(pixels, PieceParams(AffineParams(), False), np.random.default_rng(s), (4, 4))
        for s in range(6)
    ]
    assert len({int(piece[0, 0, 1]) for piece in pieces}) > 3
