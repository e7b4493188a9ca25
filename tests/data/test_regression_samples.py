"""Samples of regressors: an image, and the numbers beside it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from support.layer_check import read

import darknet_py.data.regression_samples as samples
from darknet_py.augment.piece_config import PieceConfig
from darknet_py.data.regression_samples import RegressionSet, read_numbers
from darknet_py.errors import DataError, ImageError

CFG = "[net]\nwidth=8\nheight=8\nchannels=3\nmin_ratio=1\nmax_ratio=1\n[conv]\nfilters=2\n"


def source(folder: Path, count: int = 2) -> RegressionSet:
    """Four images of one colour, their numbers that colour and its half."""
    paths = []
    for name in ("images", "labels"):
        (folder / name).mkdir()
    for value in (40, 80, 120, 160):
        path = folder / "images" / f"{value}.png"
        assert cv2.imwrite(str(path), np.full((8, 8, 3), value, np.uint8))
        (folder / "labels" / f"{value}.txt").write_text(f"{value}\n{value / 2} 99\n")
        paths.append(str(path))
    return RegressionSet(paths, PieceConfig.of(read(CFG), ratios=True), count)


def test_numbers_go_with_their_image(tmp_path: Path) -> None:
    regression, seen = source(tmp_path), set()
    for number in range(12):
        chw, numbers = regression.sample(number, 8, 8, 4)
        assert chw.shape == (3, 8, 8) and numbers.dtype == np.float32
        assert numbers.tolist() == [float(chw.max()), chw.max() / 2]
        assert regression.drawn(number, 8, 8, 4)[0].endswith(f"images/{chw.max()}.png")
        seen.add(int(chw.max()))
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1", r"a.txt: read 1 numbers, expected 2 numbers"),
        ("1 two 3", r"a.txt: read 'two', expected 2 numbers"),
        ("", r"a.txt: read 0 numbers"),
        ("1 nan", r"a.txt: has a number that is not finite"),
        ("1e99 1", r"a.txt: has a number that is not finite"),
    ],
)
def test_files_without_the_numbers(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(ImageError, match=message):
        read_numbers(tmp_path / "a.txt", 2)


def test_numbers_as_c_reads_them(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("-1.5e1\n0x10 .5\n and words behind them")
    assert read_numbers(tmp_path / "a.txt", 3).tolist() == [-15, 16, 0.5]


def test_files_that_are_not_there_or_endless(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ImageError, match="none.txt: cannot be read: No such file .* 2 numbers"):
        read_numbers(tmp_path / "none.txt", 2)
    monkeypatch.setattr(samples, "MOST_BYTES", 4)
    (tmp_path / "a.txt").write_text("1 2 3 4 5 6")
    with pytest.raises(ImageError, match="read 2 numbers, expected 3"):
        read_numbers(tmp_path / "a.txt", 3)


def test_no_images() -> None:
    with pytest.raises(DataError, match="no images to train on"):
        RegressionSet([], PieceConfig.of(read(CFG), ratios=True), 1)
