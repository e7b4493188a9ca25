"""Which boxes answer for which labels, in cases small enough to be worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from support.loss_check import head

from darknet_py.forks import ALEXEYAB
from darknet_py.losses.assignment import (
    HeadOutputs,
    assignments_at,
    best_labels,
    cell_corners,
    classes_of,
    first_and_last,
    flat_indices,
    label_assignments,
    mapped_labels,
    predicted_boxes,
    target_coordinates,
)
from darknet_py.losses.head_loss import Targets

NET_SIZE = (64, 32)
SECTION = "[yolo]\nclasses=3\nnum=3\nmask=0,2\nanchors=8,8, 16,16, 32,16\n"


def targets_of(*labels: tuple[float, float, float, float, int]) -> Targets:
    """Of one image."""
    rows = torch.tensor([labels])
    valid = torch.ones(1, len(labels), dtype=torch.bool)
    return Targets(rows[..., :4], rows[..., 4].long(), valid)


def outputs_of(targets: Targets, options: str = "") -> HeadOutputs:
    """A grid of 4 x 2 cells whose raw values are all 0: boxes of the anchors' sizes at corners."""
    layer: Any = head(SECTION + options, (16, 2, 4))
    out = torch.zeros(1, 2, 2, 4, 8)
    boxes = predicted_boxes(layer, out, NET_SIZE, ALEXEYAB)
    return HeadOutputs(layer, False, out, boxes, targets, NET_SIZE)


def test_cells_of_a_grid() -> None:
    corner, grid = cell_corners(torch.zeros(1, 2, 2, 4, 8))
    assert corner.shape == (2, 4, 2) and corner[1, 3].tolist() == [3, 1]
    assert grid.tolist() == [4, 2]


def test_boxes_of_raw_zeros_are_the_anchors_at_the_corners_of_the_cells() -> None:
    boxes = outputs_of(targets_of((0.5, 0.5, 0.1, 0.1, 0))).boxes
    assert boxes[0, 0, 1, 2].tolist() == [0.5, 0.5, 8 / 64, 8 / 32]
    assert boxes[0, 1, 0, 3].tolist() == [0.75, 0, 32 / 64, 16 / 32]


def test_each_label_goes_to_its_best_anchor_if_that_is_in_the_mask() -> None:
    targets = targets_of((0.6, 0.7, 0.5, 0.5, 2), (0.6, 0.7, 0.25, 0.5, 1), (1.0, 0.1, 0.1, 0.2, 0))
    outputs = outputs_of(targets)
    assigned = label_assignments(outputs)
    # The second label is as large as anchor 1, which belongs to another head.
    assert assigned.label.tolist() == [0, 2]
    assert assigned.number.tolist() == [2, 0] and assigned.anchor.tolist() == [1, 0]
    # x of 1.0 belongs to the last cell.
    assert assigned.x.tolist() == [2, 3] and assigned.y.tolist() == [1, 0]
    assert classes_of(outputs, assigned).tolist() == [2, 0]
    assert flat_indices(outputs, assigned).tolist() == [8 + 4 + 2, 3]


def test_with_iou_thresh_other_anchors_answer_too_the_best_one_first() -> None:
    targets = targets_of((0.1, 0.1, 0.5, 0.5, 2), (0.6, 0.7, 0.25, 0.5, 1))
    assigned = label_assignments(outputs_of(targets, "iou_thresh=.2\n"))
    # Of anchors 1 and 2 and the second label, IoU .5, only 2 is of this head; 0 has .25.
    assert assigned.label.tolist() == [0, 1, 1]
    assert assigned.number.tolist() == [2, 0, 2]


def test_the_best_label_of_each_box() -> None:
    targets = targets_of((0.5, 0.5, 0.125, 0.25, 1), (0.5, 0.5, 0.5, 0.5, 2))
    best, label = best_labels(outputs_of(targets).boxes, targets)
    assert best[0, :, 1, 2].tolist() == [1, 1] and label[0, :, 1, 2].tolist() == [0, 1]
    assert best[0, 0, 0, 0] == 0


def test_target_coordinates_give_the_labels_box() -> None:
    targets = targets_of((0.55, 0.8, 0.4, 0.3, 0))
    outputs = outputs_of(targets)
    assigned = label_assignments(outputs)
    out = outputs.out.clone()
    out[assigned.entry(slice(4))] = target_coordinates(outputs, assigned, targets.boxes[0])
    boxes = predicted_boxes(outputs.layer, out, NET_SIZE, ALEXEYAB)
    torch.testing.assert_close(boxes[assigned.index], targets.boxes[0])


def test_labels_of_unknown_classes_do_not_count() -> None:
    targets = targets_of((0.5, 0.5, 0.1, 0.1, 3), (0.5, 0.5, 0.1, 0.1, -1), (0.5, 0.5, 0.1, 0.1, 2))
    layer: Any = head(SECTION, (16, 2, 4))
    assert mapped_labels(layer, targets).valid.tolist() == [[False, False, True]]


def test_rare_classes_count_more() -> None:
    outputs = outputs_of(targets_of((0.5, 0.5, 0.1, 0.1, 0)), "counters_per_class=100,50,1\n")
    assert outputs.multipliers.tolist() == [1, 2, 100]


def test_first_and_last_of_equal_numbers() -> None:
    first, last = first_and_last(torch.tensor([4, 2, 4, 4, 2]))
    assert first.tolist() == [True, True, False, False, False]
    assert last.tolist() == [False, False, False, True, True]


def test_masks_above_num_are_never_the_best() -> None:
    """C looks for a label's best anchor among num of them; boxes of the others are ignored."""
    targets = targets_of((0.6, 0.7, 0.125, 0.25, 2), (0.6, 0.7, 0.5, 0.5, 1))
    layer: Any = head("[yolo]\nclasses=3\nmask=0,2\nanchors=8,8, 16,16, 32,16\n", (16, 2, 4))
    assert layer.num == 1
    out = torch.zeros(1, 2, 2, 4, 8)
    boxes = predicted_boxes(layer, out, NET_SIZE, ALEXEYAB)
    outputs = HeadOutputs(layer, False, out, boxes, targets, NET_SIZE)
    assert label_assignments(outputs).anchor.tolist() == [0, 0]
    far = assignments_at(outputs, torch.ones(1, 2, 2, 4) > 0, torch.ones(1, 2, 2, 4).long())
    exact = target_coordinates(outputs, far, targets.boxes[0, far.label])
    np.testing.assert_allclose(exact[far.anchor == 1][:, 2:], [[0, 0]] * 8, atol=1e-6)
