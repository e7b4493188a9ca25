"""The page of training samples shows the boxes of the truth array."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from darknet_py.cli.main import main
from darknet_py.data import truth
from darknet_py.data.recipe import Recipe
from darknet_py.data.sheet import boxes_of
from darknet_py.graph import read_graph

YOLO = """[net]
height=64
width=64
channels=3
{net}
[convolutional]
filters=39
size=1
activation=linear
[yolo]
classes=8
num=3
mask=0,1,2
anchors=4,4, 8,8, 12,12
jitter=.3
"""
CELLS = """[net]
height=32
width=32
channels=3
[connected]
output=882
activation=linear
[detection]
classes=8
coords=4
num=2
side=7
"""
LABELS = np.array([[3, 0.25, 0.5, 0.125, 0.25], [1, 0.75, 0.9, 0.5, 0.2]], np.float32)


@pytest.mark.parametrize("fork", ["alexeyab", "pjreddie"])
@pytest.mark.parametrize("cfg", [YOLO.format(net=""), CELLS], ids=["boxes", "cells"])
def test_boxes_of_a_truth_array(tmp_path: Path, cfg: str, fork: str) -> None:
    (tmp_path / "net.cfg").write_text(cfg)
    recipe = Recipe.of(read_graph(tmp_path / "net.cfg", fork=fork))
    found = boxes_of(recipe, recipe.truth_of(LABELS))
    np.testing.assert_allclose(found[np.argsort(-found[:, 0])], LABELS, atol=1e-6)
    assert len(boxes_of(recipe, recipe.truth_of(LABELS[:0]))) == 0
    assert truth.box_truth(LABELS, 2, 6).shape == (12,)


def test_from_drawing_to_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["data", "shapes", "set", "--images", "6", "--seed", "2", "--width", "96"]
    drawn = CliRunner().invoke(main, [*words, "--height", "96", "--valid_every", "3"])
    assert drawn.exit_code == 0, drawn.output
    assert len(Path("set/train.txt").read_text().split()) == 4
    assert len(Path("set/valid.txt").read_text().split()) == 2
    Path("net.cfg").write_text(YOLO.format(net="mosaic=1"))
    words = ["data", "sheet", "set/shapes.data", "net.cfg"]
    for out in ("a.png", "b.png"):
        assert CliRunner().invoke(main, [*words, out, "--images", "5"]).exit_code == 0
    other = CliRunner().invoke(main, [*words, "c.png", "--images", "5", "--seed", "1"])
    assert other.exit_code == 0
    first, again, third = (cv2.imread(name) for name in ("a.png", "b.png", "c.png"))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, third)
    assert first.shape[1] > 4 * 320


def test_a_data_file_without_a_list(tmp_path: Path) -> None:
    (tmp_path / "x.data").write_text("classes=8\n")
    (tmp_path / "net.cfg").write_text(YOLO.format(net=""))
    words = ["data", "sheet", str(tmp_path / "x.data"), str(tmp_path / "net.cfg"), "x.png"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 1
    assert "x.data: has no train=" in result.stderr
