"""`-show_imgs` of classifiers: the pictures of the first batch, and their classes in words."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from train.small_classifier import small_job

from darknet_py.data.classes import Labels
from darknet_py.data.loader import Batch
from darknet_py.layers.tree import UNKNOWN
from darknet_py.train.sample_page import MOST, class_tiles
from darknet_py.train.session import run

LABELS = Labels(("cat", "dog", "bird", "fish", "newt", "toad"))


def tiles_of(images: torch.Tensor, truth: list[list[float]]) -> list[tuple[str, ...]]:
    return [tile.caption for tile in class_tiles(Batch(images, torch.tensor(truth), ()), LABELS)]


def test_classes_are_named_with_their_shares() -> None:
    images = torch.zeros(3, 3, 4, 4, dtype=torch.uint8)
    truth = [
        [0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
        [0.25, 0.0, 0.75, 0.0, 0.0, 0.0],
        [float(UNKNOWN), 0.1, 0.2, 0.3, 0.05, 0.35],
    ]
    assert tiles_of(images, truth) == [
        ("dog 1",),
        ("bird 0.75", "cat 0.25"),
        ("toad 0.35", "fish 0.3", "bird 0.2", "dog 0.1"),
    ]


def test_no_more_pictures_than_a_page_holds() -> None:
    images = torch.zeros(MOST + 5, 3, 4, 4, dtype=torch.uint8)
    assert len(tiles_of(images, [[1.0, 0, 0, 0, 0, 0]] * (MOST + 5))) == MOST


@pytest.mark.parametrize("channels", [1, 3])
def test_colours_are_those_of_the_picture(channels: int) -> None:
    image = torch.arange(channels, dtype=torch.uint8).view(1, channels, 1, 1).expand(-1, -1, 2, 3)
    (tile,) = class_tiles(Batch(image, torch.ones(1, 6), ()), LABELS)
    assert tile.picture is not None
    assert tile.picture.shape == (2, 3, 3)
    assert tile.picture[0, 0].tolist() == ([2, 1, 0] if channels == 3 else [0, 0, 0])


def test_the_page_is_of_the_first_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run(small_job(tmp_path, max_batches=2, show_imgs=True))
    assert capsys.readouterr().out.count("the first samples are drawn in aug_small.jpg") == 1
    page = cv2.imread("aug_small.jpg")
    # 24 tiles in rows of 8: every one has coloured pixels.
    rows = np.array_split(page, 3)
    assert all(
        (np.ptp(part, axis=2) > 60).any() for row in rows for part in np.array_split(row, 8, 1)
    )
    assert not (np.ptp(page[-30:], axis=2) > 60).any()
