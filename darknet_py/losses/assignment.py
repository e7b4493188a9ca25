"""Which boxes of a head answer for which labels: shared by [yolo] and [Gaussian_yolo].

What hangs on the labels alone is worked out on the host, where they are, and sent to the device in
one piece. There nothing has a size that hangs on values, for which the host would have to wait:
where only some boxes are to be written, the others go to a spare row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from darknet_py.boxes import MEASURES, iou
from darknet_py.forks import Fork
from darknet_py.layers.anchor_head import AnchorHead
from darknet_py.layers.head import Head, RawBoxes
from darknet_py.layers.tree import read_map
from darknet_py.layers.yolo import Yolo
from darknet_py.losses.head_loss import Targets
from darknet_py.losses.transfer import cell_grid, constant, sent

LABELS_AT_ONCE = 16
"""Labels compared with all boxes at a time: bounds the memory."""


@dataclass(frozen=True)
class HeadLabels:
    """The labels of N images on the device. boxes: (N, T, 4), all 0 where there is none, so that it
    overlaps nothing. classes: (N, T)."""

    boxes: Tensor
    classes: Tensor


@dataclass(frozen=True)
class HeadOutputs:
    """A head at work: its output (N, A, H, W, E), the boxes in it (N, A, H, W, 4), the labels."""

    layer: Yolo
    plain: bool
    out: Tensor
    boxes: Tensor
    labels: HeadLabels
    net_size: tuple[int, int]

    @cached_property
    def rows(self) -> Tensor:
        """(N*A*H*W, E): one row per box."""
        return self.out.flatten(0, 3)

    @cached_property
    def box_rows(self) -> Tensor:
        """(N*A*H*W, 4)."""
        return self.boxes.flatten(0, 3)

    @cached_property
    def multipliers(self) -> Tensor:
        """counters_per_class: rare classes count more, at most max_delta times."""
        counts = self.layer.counters_per_class
        if not counts:
            return self.out.new_ones(self.layer.classes)
        counted = constant(counts, self.out).clamp(min=1)
        return (counted.max() / counted).clamp(max=self.layer.max_delta)


@dataclass(frozen=True)
class Assignments:
    """Labels and the boxes that answer for them, in the order the C loop visits them.

    row: (K,) number of the box among the N*A*H*W of the head. classes: (K,) and boxes: (K, 4) of
    the label. first, last: (K,) whether no earlier, no later one is of the same box.
    """

    row: Tensor
    classes: Tensor
    boxes: Tensor
    first: Tensor
    last: Tensor

    def __len__(self) -> int:
        return len(self.row)

    @property
    def parts(self) -> tuple[Tensor, ...]:
        return self.row, self.classes, self.boxes, self.first, self.last


def cell_corners(out: Tensor) -> tuple[Tensor, Tensor]:
    """Column and row of each cell (H, W, 2) of an output (N, A, H, W, E), and (W, H)."""
    height, width = out.shape[2:4]
    return cell_grid(height, width, out.dtype, out.device), constant((width, height), out)


def predicted_boxes(layer: Head, out: Tensor, net_size: tuple[int, int], fork: Fork) -> Tensor:
    """Every predicted box (N, A, H, W, 4) of raw values (N, A, H, W, E)."""
    corner, grid = cell_corners(out)
    anchors = constant(layer.sizes, out)[:, None, None]
    return layer.boxes(RawBoxes(out, corner, anchors, grid, constant(net_size, out)), fork)


def mapped_labels(layer: AnchorHead, targets: Targets) -> Targets:
    """Labels of unknown classes do not count; map= renames the others."""
    classes, known = targets.classes, (targets.classes >= 0) & (targets.classes < layer.classes)
    if layer.map:
        numbers = constant(read_map(layer.section, layer.map), classes)
        known = known & (classes < len(numbers))
        classes = numbers[torch.where(known, classes, 0)]
        known = known & (classes >= 0) & (classes < layer.classes)
    return Targets(targets.boxes, classes, targets.valid & known)


def sent_labels(
    targets: Targets, assigned: Assignments, device: torch.device
) -> tuple[HeadLabels, Assignments]:
    """The labels that count, and what answers for them, on the device."""
    boxes = torch.where(targets.valid[..., None], targets.boxes, 0.0)
    classes = torch.where(targets.valid, targets.classes, 0)
    boxes, classes, *parts = sent([boxes, classes, *assigned.parts], device)
    return HeadLabels(boxes, classes), Assignments(*parts)


def best_overlaps(boxes: Tensor, labels: Tensor) -> Tensor:
    """For every box (N, A, H, W, 4) the largest IoU with a label of (N, T, 4)."""
    best = boxes.new_zeros(boxes.shape[:-1])
    for overlap in _overlaps(boxes, labels):
        most = overlap.amax(dim=1)
        best = torch.where(most > best, most, best)
    return best


def best_labels(boxes: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """`best_overlaps`, and the number of the label each is with."""
    best = boxes.new_zeros(boxes.shape[:-1])
    label = torch.zeros_like(best, dtype=torch.long)
    for number, overlap in enumerate(_overlaps(boxes, labels)):
        most, which = overlap.max(dim=1)
        better = most > best
        best = torch.where(better, most, best)
        label = torch.where(better, which + number * LABELS_AT_ONCE, label)
    return best, label


def _overlaps(boxes: Tensor, labels: Tensor) -> Iterator[Tensor]:
    """The IoU of all boxes with some labels at a time, (N, some, A, H, W)."""
    for some in labels[:, :, None, None, None].split(LABELS_AT_ONCE, dim=1):
        yield iou(boxes[:, None], some)


def assignments_at(head: HeadOutputs, where: Tensor, label: Tensor) -> Assignments:
    """The boxes of a mask (N, A, H, W), each with its label's number out of `label`.

    How many there are is for the host to wait for.
    """
    row = torch.nonzero(where.flatten())[:, 0]
    image = row // where[0].numel()
    number = label.flatten()[row]
    alone = torch.ones_like(row, dtype=torch.bool)
    labels = head.labels
    return Assignments(
        row, labels.classes[image, number], labels.boxes[image, number], alone, alone
    )


def label_assignments(
    layer: Yolo, targets: Targets, out: torch.Size, net_size: tuple[int, int], shift: float = 0.0
) -> Assignments:
    """Each label's best anchor of all, and with iou_thresh every other anchor like enough.

    All of it on the host. out: (N, A, H, W, E) of the head. shift: where in a label lies the point
    whose cell it is in, as a share of the label's size away from the centre.
    """
    anchors = constant(replace(layer, mask=None).sizes, targets.boxes)
    anchors = anchors / constant(net_size, targets.boxes)
    sizes = torch.cat([torch.zeros_like(anchors), anchors], dim=1)
    label = targets.boxes[:, :, None].clone()
    label[..., :2] = 0
    best = iou(sizes, label).max(dim=2)[1]
    first = constant(range(layer.num), best) == best[..., None]
    others = torch.zeros_like(first)
    if layer.iou_thresh < 1:
        others = (MEASURES[layer.iou_thresh_kind](sizes, label) > layer.iou_thresh) & ~first
    own = _head_anchors(layer)
    chosen = (first | others) & targets.valid[..., None] & (own >= 0)
    image, which, number = torch.nonzero(chosen, as_tuple=True)
    # The best anchor of a label comes before its others.
    order = torch.argsort(~first[image, which, number], stable=True)
    order = order[torch.argsort((image * targets.boxes.shape[1] + which)[order], stable=True)]
    image, which, number = image[order], which[order], number[order]
    boxes = targets.boxes[image, which]
    row = _row(out, image, own[number], boxes[:, :2] - shift * boxes[:, 2:])
    return Assignments(row, targets.classes[image, which], boxes, *first_and_last(row))


def _head_anchors(layer: Yolo) -> Tensor:
    """Of each of all anchors its index in this head, or -1."""
    own = [-1] * layer.num
    for position, number in reversed(list(enumerate(layer.masks))):
        if number < layer.num:  # C looks for the best among num anchors, whatever mask= names
            own[number] = position
    return torch.tensor(own, device="cpu")


def _row(out: torch.Size, image: Tensor, anchor: Tensor, point: Tensor) -> Tensor:
    """The box of the cell that (K, 2) points lie in; 1.0 belongs to the last one."""
    _, anchors, height, width, _ = out
    x = (point[:, 0] * width).long().clamp(0, width - 1)
    y = (point[:, 1] * height).long().clamp(0, height - 1)
    return ((image * anchors + anchor) * height + y) * width + x


def first_and_last(numbers: Tensor) -> tuple[Tensor, Tensor]:
    """Which of (K,) numbers are the first, and which the last, of those equal to them."""
    starts, order = _runs(numbers)
    ends = torch.cat([starts[1:], torch.ones_like(starts[:1])])
    first, last = torch.empty_like(starts), torch.empty_like(starts)
    return first.scatter_(0, order, starts), last.scatter_(0, order, ends)


def equal_groups(numbers: Tensor) -> Tensor:
    """Of (K,) numbers which are the same: (K,) from 0 to at most K - 1."""
    starts, order = _runs(numbers)
    return torch.empty_like(order).scatter_(0, order, starts.cumsum(0) - 1)


def _runs(numbers: Tensor) -> tuple[Tensor, Tensor]:
    """Where in sorted numbers others begin, and their order, in which equal ones stay as they were.

    Unlike torch.unique nothing here has a size that the host would have to wait for.
    """
    ordered, order = numbers.sort(stable=True)
    return torch.cat(
        [torch.ones_like(ordered[:1], dtype=torch.bool), ordered[1:] != ordered[:-1]]
    ), order


def empty_delta(rows: Tensor) -> Tensor:
    """Zeros like rows (R, E), and a spare row behind them for what is not to be written."""
    return rows.new_zeros(len(rows) + 1, rows.shape[1])


def rows_where(mask: Tensor, row: Tensor, delta: Tensor) -> Tensor:
    """The rows of a mask, and the spare one of `empty_delta` for the others."""
    return torch.where(mask, row, len(delta) - 1)


def target_coordinates(head: HeadOutputs, row: Tensor, label: Tensor) -> Tensor:
    """The outputs (K, 4) of these boxes that would give the labels (K, 4) exactly."""
    _, anchors, height, width, _ = head.out.shape
    cell = torch.stack([row % width, row // width % height], dim=1)
    sizes = constant(head.layer.sizes, label) / constant(head.net_size, label)
    ratio = label[:, 2:] / sizes[row // (height * width) % anchors]
    location = label[:, :2] * constant((width, height), label) - cell
    return torch.cat(
        [location, torch.sqrt(ratio / 4) if head.layer.new_coords else torch.log(ratio)], 1
    )
