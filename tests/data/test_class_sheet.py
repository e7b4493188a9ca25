"""A classifier's first samples on a page: their colours, and their classes in words."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from support.small_classifier import small_options

from darknet_py.data.class_labels import Labels
from darknet_py.data.class_sheet import shares
from darknet_py.layers.tree import UNKNOWN
from darknet_py.train.command import run

LABELS = Labels(("cat", "dog", "bird", "fish", "newt", "toad"))


@pytest.mark.parametrize(
    ("truth", "words"),
    [
        ([0, 1, 0, 0, 0, 0], ["dog 1"]),
        ([0.25, 0, 0.75, 0, 0, 0], ["bird 0.75", "cat 0.25"]),
        ([UNKNOWN, 0.1, 0.2, 0.3, 0.05, 0.35], ["toad 0.35", "fish 0.3", "bird 0.2", "dog 0.1"]),
        ([0] * 6, []),
    ],
)
def test_classes_are_named_with_their_shares(truth: list[float], words: list[str]) -> None:
    assert list(shares(np.array(truth, np.float32), LABELS)) == words


def test_the_page_shows_the_samples_of_the_first_update(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run(small_options(tmp_path, max_batches=1, show_imgs=True))
    assert "aug_small.jpg: the first 24 samples as they are" in capsys.readouterr().out
    page = cv2.imread("aug_small.jpg")
    # 24 tiles, three rows of eight: every one has a shape whose colour is of its class.
    tiles = [part for row in np.array_split(page[25:], 3) for part in np.array_split(row, 8, 1)]
    found = {int(tile[np.ptp(tile, axis=2) > 90].mean(axis=0).argmax()) for tile in tiles}
    assert found == {0, 1, 2}
    assert all((np.ptp(tile, axis=2) > 90).mean() > 0.01 for tile in tiles)
