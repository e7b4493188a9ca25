"""Pictures held in memory: the same pixels, the same samples, shared, and never too many."""

from __future__ import annotations

import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest

import darknet_py.data.cache as cache
from darknet_py.data.cache import Cache, hold
from darknet_py.data.detection import DetectionSet
from darknet_py.data.picture import open_picture
from darknet_py.data.recipe import Recipe
from darknet_py.errors import DataError
from darknet_py.graph import read_graph

CFG = """[net]
height=32
width=32
channels=3
hue=.1
saturation=1.5
mosaic=1
[convolutional]
filters=18
size=1
activation=linear
[yolo]
classes=1
num=3
mask=0,1,2
anchors=4,4, 8,8, 12,12
jitter=.3
"""


def pictures(folder: Path, sizes: list[tuple[int, int]]) -> list[str]:
    rng = np.random.default_rng(1)
    paths = []
    for number, (width, height) in enumerate(sizes):
        path = folder / f"{number}.png"
        smooth = cv2.resize(rng.integers(0, 255, (6, 6, 3), np.uint8), (width, height))
        cv2.imwrite(str(path), smooth)
        path.with_suffix(".txt").write_text("0 .5 .5 .5 .5\n")
        paths.append(str(path))
    return paths


def test_held_pictures_are_those_of_the_files(tmp_path: Path) -> None:
    paths = pictures(tmp_path, [(40, 30), (33, 50), (500, 400)])
    held = hold(paths + paths[:1], 3, (32, 32))
    assert len(held.places) == 3
    for path in paths:
        picture, own = held.get(path), open_picture(path, 3)
        assert picture is not None
        assert picture.size == own.size
        np.testing.assert_array_equal(picture.pixels(3, (32, 32)), own.pixels(3, (32, 32)))
    large = held.get(paths[2])
    assert large is not None and large.pixels(3, (1, 1)).shape[0] < 400
    assert held.get("another.png") is None


def test_samples_are_the_same_with_and_without(tmp_path: Path) -> None:
    paths = pictures(tmp_path, [(40, 30), (33, 50), (60, 64)])
    (tmp_path / "net.cfg").write_text(CFG)
    recipe = Recipe.of(read_graph(tmp_path / "net.cfg"))
    plain, held = DetectionSet(paths, recipe), DetectionSet(paths, recipe, hold(paths, 3, (32, 32)))
    for number in range(12):
        first, second = (one.sample(number, 32, 32, 0) for one in (plain, held))
        np.testing.assert_array_equal(first[0], second[0])
        np.testing.assert_array_equal(first[1], second[1])


def test_several_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "PIECE", 5000)
    paths = pictures(tmp_path, [(40, 30), (40, 30), (90, 80)])
    held = hold(paths, 3, (32, 32))
    assert [len(piece) for piece in held.pieces] == [5000, 5000, 45 * 40 * 3]
    for path in paths:
        picture = held.get(path)
        assert picture is not None
        np.testing.assert_array_equal(
            picture.pixels(3, (32, 32)), open_picture(path, 3).pixels(3, (32, 32))
        )


def test_pictures_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    paths = pictures(tmp_path, [(40, 30)])
    (tmp_path / "bad.jpg").write_bytes(b"nothing")
    held = hold([*paths, str(tmp_path / "bad.jpg")], 3, (32, 32))
    assert list(held.places) == paths


def test_more_than_the_memory_is_refused_with_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "_free", lambda: 1000.0)
    paths = pictures(tmp_path, [(40, 30)])
    with pytest.raises(DataError, match=r"--cache: 1 pictures would take about 0.0 GiB, 0.0 are"):
        hold(paths, 3, (32, 32))


def test_the_memory_is_shared(tmp_path: Path) -> None:
    held = hold(pictures(tmp_path, [(40, 30)]), 3, (32, 32))
    assert all(piece.is_shared() for piece in held.pieces)
    assert pickle.loads(pickle.dumps(Cache())).get("x") is None
