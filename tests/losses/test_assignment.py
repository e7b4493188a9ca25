"""Which boxes answer for which labels, in cases small enough to be worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from support.loss_check import head

from darknet_py.forks import ALEXEYAB
from darknet_py.losses.assignment import (
    Assignments,
    HeadLabels,
    HeadOutputs,
    assignments_at,
    best_labels,
    best_overlaps,
    cell_corners,
    empty_delta,
    equal_groups,
    first_and_last,
    label_assignments,
    mapped_labels,
    predicted_boxes,
    rows_where,
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


def outputs_of(targets: Targets, section: str = SECTION) -> HeadOutputs:
    """A grid of 4 x 2 cells whose raw values are all 0: boxes of the anchors' sizes at corners."""
    layer: Any = head(section, (16, 2, 4))
    out = torch.zeros(1, 2, 2, 4, 8)
    boxes = predicted_boxes(layer, out, NET_SIZE, ALEXEYAB)
    labels = HeadLabels(targets.boxes, targets.classes)
    return HeadOutputs(layer, False, out, boxes, labels, NET_SIZE)


def assigned_of(targets: Targets, section: str = SECTION, shift: float = 0.0) -> Assignments:
    layer: Any = head(section, (16, 2, 4))
    return label_assignments(layer, targets, torch.Size((1, 2, 2, 4, 8)), NET_SIZE, shift)


def row(anchor: int, y: int, x: int) -> int:
    return (anchor * 2 + y) * 4 + x


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
    assigned = assigned_of(targets)
    # The second label is as large as anchor 1, which belongs to another head. x of 1.0 belongs to
    # the last cell.
    assert assigned.row.tolist() == [row(1, 1, 2), row(0, 0, 3)]
    assert assigned.classes.tolist() == [2, 0]
    assert assigned.boxes.equal(targets.boxes[0, ::2])
    assert assigned.first.all() and assigned.last.all()


def test_with_iou_thresh_other_anchors_answer_too_the_best_one_first() -> None:
    targets = targets_of((0.1, 0.1, 0.5, 0.5, 2), (0.6, 0.7, 0.25, 0.5, 1))
    assigned = assigned_of(targets, SECTION + "iou_thresh=.2\n")
    # Of anchors 1 and 2 and the second label, IoU .5, only 2 is of this head; 0 has .25.
    assert assigned.row.tolist() == [row(1, 0, 0), row(0, 1, 2), row(1, 1, 2)]
    assert assigned.classes.tolist() == [2, 1, 1]


def test_labels_of_the_same_box() -> None:
    label = (0.6, 0.7, 0.5, 0.5)
    assigned = assigned_of(targets_of((*label, 2), (0.1, 0.7, 0.5, 0.5, 0), (*label, 1)))
    assert assigned.first.tolist() == [True, True, False]
    assert assigned.last.tolist() == [False, True, True]


@pytest.mark.parametrize(("shift", "cell"), [(0.5, (0, 1)), (-0.5, (1, 3))])
def test_the_cell_of_a_corner(shift: float, cell: tuple[int, int]) -> None:
    assigned = assigned_of(targets_of((0.6, 0.7, 0.6, 0.5, 2)), shift=shift)
    assert assigned.row.tolist() == [row(1, *cell)]


def test_the_best_label_of_each_box() -> None:
    targets = targets_of((0.5, 0.5, 0.125, 0.25, 1), (0.5, 0.5, 0.5, 0.5, 2))
    best, label = best_labels(outputs_of(targets).boxes, targets.boxes)
    assert best[0, :, 1, 2].tolist() == [1, 1] and label[0, :, 1, 2].tolist() == [0, 1]
    assert best[0, 0, 0, 0] == 0
    assert best_overlaps(outputs_of(targets).boxes, targets.boxes).equal(best)


def test_labels_by_the_dozen() -> None:
    """More than are compared at once; of two that fit alike the earlier one counts."""
    far, own = (0.1, 0.1, 0.01, 0.01, 0), (0.5, 0.5, 0.125, 0.25, 1)
    targets = targets_of(*[far] * 20, own, *[far] * 12, own)
    boxes = outputs_of(targets).boxes
    best, label = best_labels(boxes, targets.boxes)
    assert (best[0, 0, 1, 2], label[0, 0, 1, 2]) == (1, 20)
    assert best_overlaps(boxes, targets.boxes).equal(best)


def test_target_coordinates_give_the_labels_box() -> None:
    targets = targets_of((0.55, 0.8, 0.4, 0.3, 0))
    outputs, assigned = outputs_of(targets), assigned_of(targets)
    out = outputs.out.clone()
    exact = target_coordinates(outputs, assigned.row, targets.boxes[0])
    out.view(-1, 8)[assigned.row, :4] = exact
    boxes = predicted_boxes(outputs.layer, out, NET_SIZE, ALEXEYAB)
    torch.testing.assert_close(boxes.view(-1, 4)[assigned.row], targets.boxes[0])


def test_labels_of_unknown_classes_do_not_count() -> None:
    targets = targets_of((0.5, 0.5, 0.1, 0.1, 3), (0.5, 0.5, 0.1, 0.1, -1), (0.5, 0.5, 0.1, 0.1, 2))
    layer: Any = head(SECTION, (16, 2, 4))
    assert mapped_labels(layer, targets).valid.tolist() == [[False, False, True]]


def test_rare_classes_count_more() -> None:
    section = SECTION + "counters_per_class=100,50,1\n"
    outputs = outputs_of(targets_of((0.5, 0.5, 0.1, 0.1, 0)), section)
    assert outputs.multipliers.tolist() == [1, 2, 100]


def test_first_and_last_of_equal_numbers() -> None:
    first, last = first_and_last(torch.tensor([4, 2, 4, 4, 2]))
    assert first.tolist() == [True, True, False, False, False]
    assert last.tolist() == [False, False, False, True, True]
    assert [part.tolist() for part in first_and_last(torch.tensor([]))] == [[], []]


def test_groups_of_equal_numbers() -> None:
    assert equal_groups(torch.tensor([40, 20, 40, 70, 20])).tolist() == [1, 0, 1, 2, 0]


def test_what_is_not_to_be_written_goes_to_the_spare_row() -> None:
    delta = empty_delta(torch.ones(3, 2))
    assert delta.shape == (4, 2) and not delta.any()
    rows = rows_where(torch.tensor([True, False]), torch.tensor([1, 2]), delta)
    assert rows.tolist() == [1, 3]


def test_masks_above_num_are_never_the_best() -> None:
    """C looks for a label's best anchor among num of them; boxes of the others are ignored."""
    targets = targets_of((0.6, 0.7, 0.125, 0.25, 2), (0.6, 0.7, 0.5, 0.5, 1))
    section = "[yolo]\nclasses=3\nmask=0,2\nanchors=8,8, 16,16, 32,16\n"
    outputs = outputs_of(targets, section)
    assert outputs.layer.num == 1
    assert [one // 8 for one in assigned_of(targets, section).row.tolist()] == [0, 0]
    far = assignments_at(outputs, torch.ones(1, 2, 2, 4) > 0, torch.ones(1, 2, 2, 4).long())
    assert far.classes.tolist() == [1] * 16
    exact = target_coordinates(outputs, far.row, far.boxes)
    np.testing.assert_allclose(exact[far.row >= 8][:, 2:], [[0, 0]] * 8, atol=1e-6)
