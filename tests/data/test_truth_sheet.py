"""Tiles of samples with what is to be learnt of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from support.layer_check import read
from support.masked_shapes import draw_files

from darknet_py.augment.piece_config import PieceConfig
from darknet_py.data.loader import SampleKey
from darknet_py.data.segmentation_samples import InstanceSet, MaskedSet, SegmenterSet
from darknet_py.data.truth_sheet import class_tiles, instance_tiles, number_tile, truth_tiles
from darknet_py.images.draw import colour

KEYS = [SampleKey(number, 48, 48) for number in range(3)]


def samples(folder: Path, kind: type[MaskedSet]) -> MaskedSet:
    draw_files(folder, 4)
    paths = (folder / "train.list").read_text().split()
    cfg = "[net]\nwidth=48\nheight=48\nchannels=3\nmin_crop=48\nmax_crop=48\n[conv]\nfilters=2\n"
    return kind(paths, PieceConfig.of(read(cfg), ratios=False), classes=2, reduction=1)


def test_classes_are_painted_on_their_shapes(tmp_path: Path) -> None:
    source = samples(tmp_path, SegmenterSet)
    assert isinstance(source, SegmenterSet)
    for key, tile in zip(
        KEYS, truth_tiles(source, class_tiles(source, ["disc", "box"]), KEYS, 1), strict=True
    ):
        chw, truth = source.sample(*key, 1)
        bgr, masks = chw[::-1].transpose(1, 2, 0), truth.reshape(2, 48, 48)
        assert tile.image is not None and tile.caption == ("disc, box",)
        for number, mask in enumerate(masks):
            expected = 0.4 * bgr[mask == 1] + 0.6 * np.array(colour(number, 2))
            np.testing.assert_allclose(tile.image[mask == 1], expected, atol=1)
        nothing = (masks == 0).all(axis=0)
        assert (tile.image[nothing] == bgr[nothing]).all()


def test_objects_are_painted_on_their_shapes(tmp_path: Path) -> None:
    source = samples(tmp_path, InstanceSet)
    assert isinstance(source, InstanceSet)
    (tile,) = truth_tiles(source, instance_tiles(source, ["disc", "box"]), KEYS[:1], 1)
    chw, truth = source.sample(*KEYS[0], 1)
    bgr, masks = chw[::-1].transpose(1, 2, 0), truth.reshape(90, -1)[:2, 1:].reshape(2, 48, 48)
    assert tile.image is not None and tile.caption == ("2 objects",)
    for number, mask in enumerate(masks):
        expected = 0.4 * bgr[mask == 1] + 0.6 * np.array(colour(number, 2))
        np.testing.assert_allclose(tile.image[mask == 1], expected, atol=1)


def test_numbers_stand_under_their_image() -> None:
    tile = number_tile(np.zeros((4, 4, 3), np.uint8), np.array([0.5, -2], np.float32))
    assert tile.caption == ("0.5 -2",)
