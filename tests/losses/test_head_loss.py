"""Darknet's rows of labels, and the table of losses."""

from __future__ import annotations

import pytest
import torch

from darknet_py.layers.dense import Connected
from darknet_py.layers.yolo import Yolo
from darknet_py.losses import LOSSES
from darknet_py.losses.head_loss import loss_of, read_targets


def rows(*images: list[tuple[float, ...]], size: int) -> torch.Tensor:
    """(N, 4 * size): rows of x y w h class, padded with zeros."""
    array = torch.zeros(len(images), 4, size)
    for image, labels in enumerate(images):
        for number, label in enumerate(labels):
            array[image, number, : len(label)] = torch.tensor(label)
    return array.flatten(1)


@pytest.mark.parametrize("size", [5, 6])
def test_labels_end_at_the_first_x_of_0(size: int) -> None:
    one, two, lost = (0.5, 0.4, 0.3, 0.2, 7), (0.1, 0.2, 0.3, 0.4, 1), (0, 0.5, 0.1, 0.1, 2)
    targets = read_targets(rows([one, two], [one, lost, two], [], size=size), size)
    assert targets.boxes.shape == (3, 2, 4)
    assert targets.valid.tolist() == [[True, True], [True, False], [False, False]]
    assert targets.classes[targets.valid].tolist() == [7, 1, 7]
    torch.testing.assert_close(targets.boxes[0, 1], torch.tensor(two[:4]))


def test_a_batch_without_labels_keeps_one_row() -> None:
    targets = read_targets(rows([], [], size=5), 5)
    assert targets.boxes.shape == (2, 1, 4) and not targets.valid.any()


def test_each_kind_has_at_most_one_loss() -> None:
    kinds = "yolo Gaussian_yolo region detection softmax logistic cost"
    assert set(kinds.split()) <= {kind.KIND for kind in LOSSES}
    with pytest.raises(ValueError, match=r"\[yolo\] has two losses"):
        loss_of(Yolo)(LOSSES[Yolo])
    assert Connected not in LOSSES
