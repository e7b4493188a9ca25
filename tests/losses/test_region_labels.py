"""Which labels of [region] have a box, which tell a class alone, and which do not count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from support.loss_check import head

from darknet_py.losses.head_loss import Targets
from darknet_py.losses.region_labels import RegionLabels, read_region_labels

ANCHORS = "num=1\nanchors=1,1\n"
BOX = (0.55, 0.8, 0.1, 0.2)
FAR = (999999.0, 999999.0, 0.1, 0.2)


def labels(
    options: str, classes: int, *images: list[tuple[tuple[float, ...], int]]
) -> RegionLabels:
    layer: Any = head(f"[region]\nclasses={classes}\n{ANCHORS}{options}", (5 + classes, 2, 4))
    most = max(len(image) for image in images)
    boxes, numbers = torch.zeros(len(images), most, 4), torch.zeros(len(images), most).long()
    valid = torch.zeros(len(images), most, dtype=torch.bool)
    for image, rows in enumerate(images):
        for row, (box, number) in enumerate(rows):
            boxes[image, row], numbers[image, row] = torch.tensor(box), number
            valid[image, row] = True
    out = torch.zeros(len(images), 1, 2, 4, 5 + classes)
    return read_region_labels(layer, Targets(boxes, numbers, valid), out)


def test_the_cells_of_boxes() -> None:
    read = labels("", 3, [(BOX, 2), ((1.0, 0.2, 0.1, 0.1), 0)], [(BOX, 1)])
    assert read.image.tolist() == [0, 0, 1]
    # x of 1.0 belongs to the last cell.
    assert list(zip(read.x.tolist(), read.y.tolist(), strict=True)) == [(2, 1), (3, 0), (2, 1)]
    assert read.classes.tolist() == [2, 0, 1]
    torch.testing.assert_close(read.own[2], torch.tensor(BOX))
    assert not read.class_only.any() and len(read.only_image) == 0


def test_labels_of_unknown_classes_overlap_nothing() -> None:
    read = labels("", 3, [(BOX, 3), (BOX, -1), (BOX, 2)])
    assert read.classes.tolist() == [2]
    assert read.boxes[0].any(dim=1).tolist() == [False, False, True]


def test_classes_are_renamed_but_not_for_classfix(tmp_path: Path) -> None:
    (tmp_path / "map.txt").write_text("4\n0\n")
    read = labels(f"map={tmp_path / 'map.txt'}\n", 5, [(BOX, 0), (BOX, 2), (BOX, 1)])
    assert read.classes.tolist() == [4, 0]
    assert read.unmapped[0].tolist() == [0, 0, 1]  # the second one is beyond the map


def test_a_label_far_away_tells_the_class_of_its_image(tmp_path: Path) -> None:
    (tmp_path / "a.tree").write_text("a -1\nb -1\nc 0\nd 0\n")
    images = [(BOX, 0), (FAR, 3), (FAR, 2)], [(BOX, 1)]
    read = labels(f"tree={tmp_path / 'a.tree'}\n", 4, *images)
    assert read.class_only.tolist() == [True, False]
    assert read.only_image.tolist() == [0] and read.only_class.tolist() == [3]
    # The boxes of such an image do not count.
    assert read.image.tolist() == [1] and not read.boxes[0].any()


def test_without_a_tree_it_is_no_box_and_tells_nothing() -> None:
    read = labels("", 4, [(FAR, 3), (BOX, 1)])
    assert not read.class_only.any() and len(read.only_class) == 0
    assert read.classes.tolist() == [1]
