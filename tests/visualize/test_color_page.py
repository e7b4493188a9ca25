"""`imtest`."""

from __future__ import annotations

import colorsys
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from darknet_py.cli.main import main
from darknet_py.visualize.color_page import fixed_tiles, grey, l2_norm, random_tiles

RNG = np.random.default_rng(3)
IMAGE = RNG.integers(0, 256, (24, 20, 3), np.uint8)


def test_norm_is_of_values_from_0_to_1() -> None:
    assert l2_norm(np.full((2, 3, 3), 255, np.uint8)) == pytest.approx(18**0.5)


def test_grey_has_darknets_weights() -> None:
    """Red counts .587 and green .299 in C."""
    rgb = np.array([[[200, 101, 50]]], np.uint8)
    assert grey(rgb).tolist() == [[[int(200 * 0.587 + 101 * 0.299 + 50 * 0.114)] * 3]]


def test_first_change_of_colour() -> None:
    """C1 turns the hue by a tenth; saturation and exposure grow by half."""
    tiles = {tile.caption[0].split(":")[0]: tile.image for tile in fixed_tiles(IMAGE[:1, :1])}
    assert list(tiles) == ["Original", "Gray", "C1", "C2", "C3", "C4"]
    hue, saturation, value = colorsys.rgb_to_hsv(*(IMAGE[0, 0] / 255))
    raw = colorsys.hsv_to_rgb((hue + 0.1) % 1, saturation * 1.5, value * 1.5)
    expected = np.clip(np.array(raw) * 255, 0, 255)
    np.testing.assert_allclose(tiles["C1"][0, 0, ::-1], expected, atol=1.5)


def test_draws_are_in_range_and_repeat() -> None:
    draws = list(random_tiles(IMAGE, 6, seed=5))
    again = list(random_tiles(IMAGE, 6, seed=5))
    assert [str(colors) for _, colors in draws] == [str(colors) for _, colors in again]
    assert len({str(colors) for _, colors in draws}) == 6
    for crop, colors in draws:
        assert crop.image is not None and crop.image.shape == (320, 320, 3)
        assert abs(colors.params.hue) <= 0.05
        for factor in (colors.params.saturation, colors.params.exposure):
            assert 1 / 1.15 <= factor <= 1.15


@pytest.mark.parametrize("word", ["imtest", "test"])
def test_command(word: str, tmp_path: Path) -> None:
    image, out = tmp_path / "a.png", tmp_path / "page.png"
    cv2.imwrite(str(image), IMAGE)
    result = CliRunner().invoke(main, [word, str(image), "--count", "2", "-o", str(out)])
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == f"L2 Norm: {np.sqrt(((IMAGE / 255.0) ** 2).sum()):f}"
    assert len(lines) == 3 and all(len(line.split()) == 3 for line in lines[1:])
    assert cv2.imread(str(out)).shape[1] == 4 * 410  # 6 + 2 * 2 tiles, four in a row


def test_image_that_is_not_there() -> None:
    result = CliRunner().invoke(main, ["imtest", "nothere.jpg"])
    assert result.exit_code == 1 and "nothere.jpg" in result.stderr
