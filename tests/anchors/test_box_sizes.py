"""The sizes of all labelled boxes of a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from darknet_py.anchors import box_sizes
from darknet_py.anchors.box_sizes import draw_cloud, read_box_sizes
from darknet_py.cfg.datafile import DataFile, read_data_file
from darknet_py.errors import DataError
from darknet_py.forks import ALEXEYAB


def data_set(folder: Path, *labels: str) -> tuple[DataFile, list[str]]:
    images = [str(folder / f"{number}.png") for number in range(len(labels))]
    for image, text in zip(images, labels, strict=True):
        Path(image).with_suffix(".txt").write_text(text)
    (folder / "train.txt").write_text("\n".join(images))
    (folder / "n.data").write_text(f"classes=2\ntrain={folder / 'train.txt'}\n")
    return read_data_file(folder / "n.data"), images


def test_sizes_and_counts_of_usable_labels(tmp_path: Path) -> None:
    good, bad = "1 .5 .5 .25 .5\n", "0 .5 .5 0 .5\n-1 .5 .5 .1 .1\n1 .5 .5 .5 1.5\n"
    boxes = read_box_sizes(*data_set(tmp_path, good, bad + good, "3 .1 .1 .125 1\n"), ALEXEYAB)
    assert boxes.sizes.tolist() == [[0.25, 0.5], [0.25, 0.5], [0.125, 1]]
    assert boxes.counts == [0, 2, 0, 1], "as many as the largest class asks for"
    assert (boxes.images, boxes.refused) == (3, 3)
    assert boxes.first_refused == str(tmp_path / "1.txt")


def test_classes_take_no_more_memory_than_there_can_be_classes(tmp_path: Path) -> None:
    data, images = data_set(tmp_path, "0 .5 .5 .25 .5\n2000000000 .5 .5 .25 .5\n")
    boxes = read_box_sizes(data, images, ALEXEYAB)
    assert (boxes.counts, boxes.refused) == ([1, 0], 1)
    (tmp_path / "n.data").write_text(f"train={tmp_path}/train.txt\nclasses=2147483647\n")
    message = "n.data:2: classes: read 2147483647, expected at most 1000000"
    with pytest.raises(DataError, match=message):
        read_box_sizes(read_data_file(tmp_path / "n.data"), images, ALEXEYAB)


def test_no_usable_label_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="train.txt: no usable label for any of 2 images"):
        read_box_sizes(*data_set(tmp_path, "", "0 .5 .5 0 .5\n"), ALEXEYAB)


def test_the_cloud_shows_boxes_by_their_anchor(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    figures: list[Any] = []
    monkeypatch.setattr(box_sizes, "save", lambda figure, path: figures.append(figure))
    sizes = np.array([[10.0, 20], [11, 19], [50, 30]])
    draw_cloud(Path("c.png"), sizes, np.array([[10.0, 20], [50, 30]]), (64, 48))
    (axes,) = figures[0].axes
    dots, crosses = axes.collections
    assert dots.get_offsets().tolist() == sizes.tolist()
    assert dots.get_array().tolist() == [0, 0, 1]
    assert crosses.get_offsets().tolist() == [[10, 20], [50, 30]]
    assert [text.get_text() for text in axes.texts] == ["0: 10 x 20", "1: 50 x 30"]
    assert (axes.get_xlim(), axes.get_ylim()) == ((0, 64), (0, 48))
    assert axes.get_title() == "3 boxes and 2 anchors at 64 x 48"
