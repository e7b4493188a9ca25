"""Which boxes of a head answer for which labels: shared by [yolo] and [Gaussian_yolo]."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from darknet_py.boxes import MEASURES, iou
from darknet_py.forks import Fork
from darknet_py.layers.head import Head, RawBoxes
from darknet_py.layers.tree import read_map
from darknet_py.layers.yolo import AnchorHead, Yolo
from darknet_py.losses.head_loss import Targets

LABELS_AT_ONCE = 16
"""Labels compared with all boxes at a time: bounds the memory."""


@dataclass(frozen=True)
class HeadOutputs:
    """A head at work: its output (N, A, H, W, E), the boxes in it (N, A, H, W, 4), the labels."""

    layer: Yolo
    plain: bool
    out: Tensor
    boxes: Tensor
    targets: Targets
    net_size: tuple[int, int]

    @property
    def multipliers(self) -> Tensor:
        """counters_per_class: rare classes count more, at most max_delta times."""
        counts = self.layer.counters_per_class
        if not counts:
            return self.out.new_ones(self.layer.classes)
        counted = self.out.new_tensor(counts).clamp(min=1)
        return (counted.max() / counted).clamp(max=self.layer.max_delta)

    @property
    def anchors(self) -> Tensor:
        """(num, 2) width and height of all anchors, relative to the network's input."""
        layer = replace(self.layer, mask=None)
        return self.out.new_tensor(layer.sizes) / self.out.new_tensor(self.net_size)

    @property
    def own_anchors(self) -> Tensor:
        """(A, 2) those of this head, of which mask= may name more than num."""
        return self.out.new_tensor(self.layer.sizes) / self.out.new_tensor(self.net_size)


@dataclass(frozen=True)
class Assignments:
    """Labels and the boxes that answer for them, in the order the C loop visits them.

    image, anchor (of this head), y, x: of the box. number: the anchor's number in anchors=.
    label: the label's number in its image.
    """

    image: Tensor
    anchor: Tensor
    y: Tensor
    x: Tensor
    number: Tensor
    label: Tensor

    def __len__(self) -> int:
        return len(self.image)

    @property
    def index(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        return self.image, self.anchor, self.y, self.x

    def entry(self, number: int | slice | Tensor) -> tuple[Any, ...]:
        """The index of a value (or values) of each box."""
        return (*self.index, number)

    def select(self, rows: Tensor) -> Assignments:
        """Those of a mask."""
        return Assignments(*(part[rows] for part in (*self.index, self.number, self.label)))


def cell_corners(out: Tensor) -> tuple[Tensor, Tensor]:
    """Column and row of each cell (H, W, 2) of an output (N, A, H, W, E), and (W, H)."""
    height, width = out.shape[2:4]
    rows, columns = torch.meshgrid(
        torch.arange(height, device=out.device),
        torch.arange(width, device=out.device),
        indexing="ij",
    )
    corner = torch.stack([columns, rows], dim=-1).to(out.dtype)
    return corner, out.new_tensor([width, height])


def predicted_boxes(layer: Head, out: Tensor, net_size: tuple[int, int], fork: Fork) -> Tensor:
    """Every predicted box (N, A, H, W, 4) of raw values (N, A, H, W, E)."""
    corner, grid = cell_corners(out)
    anchors = out.new_tensor(layer.sizes)[:, None, None]
    return layer.boxes(RawBoxes(out, corner, anchors, grid, out.new_tensor(net_size)), fork)


def mapped_labels(layer: AnchorHead, targets: Targets) -> Targets:
    """Labels of unknown classes do not count; map= renames the others."""
    classes, known = targets.classes, (targets.classes >= 0) & (targets.classes < layer.classes)
    if layer.map:
        numbers = torch.tensor(read_map(layer.section, layer.map), device=classes.device)
        known = known & (classes < len(numbers))
        classes = numbers[torch.where(known, classes, 0)]
        known = known & (classes >= 0) & (classes < layer.classes)
    return Targets(targets.boxes, classes, targets.valid & known)


def best_labels(boxes: Tensor, targets: Targets) -> tuple[Tensor, Tensor]:
    """For every box (N, A, H, W, 4) the largest IoU with a label, and that label's number."""
    best = boxes.new_zeros(boxes.shape[:-1])
    label = torch.zeros_like(best, dtype=torch.long)
    for start in range(0, targets.boxes.shape[1], LABELS_AT_ONCE):
        some = slice(start, start + LABELS_AT_ONCE)
        overlap = iou(boxes[:, None], targets.boxes[:, some, None, None, None])
        overlap = torch.where(targets.valid[:, some, None, None, None], overlap, 0.0)
        most, which = overlap.max(dim=1)
        better = most > best
        best, label = torch.where(better, most, best), torch.where(better, which + start, label)
    return best, label


def assignments_at(head: HeadOutputs, where: Tensor, label: Tensor) -> Assignments:
    """The boxes of a mask (N, A, H, W), each with its label's number out of `label`."""
    image, anchor, y, x = torch.nonzero(where, as_tuple=True)
    numbers = torch.tensor(head.layer.masks, device=where.device)[anchor]
    return Assignments(image, anchor, y, x, numbers, label[where])


def label_assignments(head: HeadOutputs) -> Assignments:
    """Each label's best anchor of all, and with iou_thresh every other anchor like enough."""
    layer, targets = head.layer, head.targets
    sizes = torch.cat([torch.zeros_like(head.anchors), head.anchors], dim=1)
    label = targets.boxes[:, :, None].clone()
    label[..., :2] = 0
    best = iou(sizes, label).max(dim=2)[1]
    numbers = torch.arange(layer.num, device=best.device)
    first = numbers == best[..., None]
    others = torch.zeros_like(first)
    if layer.iou_thresh < 1:
        others = (MEASURES[layer.iou_thresh_kind](sizes, label) > layer.iou_thresh) & ~first
    own = _head_anchors(layer, best.device)
    chosen = (first | others) & targets.valid[..., None] & (own >= 0)
    image, which, number = torch.nonzero(chosen, as_tuple=True)
    # The best anchor of a label comes before its others.
    order = torch.argsort(~first[image, which, number], stable=True)
    order = order[torch.argsort((image * targets.boxes.shape[1] + which)[order], stable=True)]
    image, which, number = image[order], which[order], number[order]
    x, y = _cell(head, targets.boxes[image, which])
    return Assignments(image, own[number], y, x, number, which)


def _head_anchors(layer: Yolo, device: torch.device) -> Tensor:
    """Of each of all anchors its index in this head, or -1."""
    own = torch.full((layer.num,), -1, dtype=torch.long, device=device)
    for position, number in reversed(list(enumerate(layer.masks))):
        if number < layer.num:  # C looks for the best among num anchors, whatever mask= names
            own[number] = position
    return own


def _cell(head: HeadOutputs, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Column and row of the cell a label's centre lies in; 1.0 belongs to the last one."""
    height, width = head.out.shape[2:4]
    x = (boxes[:, 0] * width).long().clamp(0, width - 1)
    return x, (boxes[:, 1] * height).long().clamp(0, height - 1)


def classes_of(head: HeadOutputs, assigned: Assignments) -> Tensor:
    return head.targets.classes[assigned.image, assigned.label]


def flat_indices(head: HeadOutputs, assigned: Assignments) -> Tensor:
    """One number per box: its index among all of them."""
    _, anchors, height, width, _ = head.out.shape
    return ((assigned.image * anchors + assigned.anchor) * height + assigned.y) * width + assigned.x


def first_and_last(indices: Tensor) -> tuple[Tensor, Tensor]:
    """Which entries are the first, and which the last, with their index."""
    unique, inverse = indices.unique(return_inverse=True)
    order = torch.arange(len(indices), device=indices.device)
    start = torch.full_like(unique, len(indices)).scatter_reduce(0, inverse, order, "amin")
    end = torch.full_like(unique, -1).scatter_reduce(0, inverse, order, "amax")
    return order == start[inverse], order == end[inverse]


def target_coordinates(head: HeadOutputs, assigned: Assignments, label: Tensor) -> Tensor:
    """The head that would give the label's box exactly."""
    height, width = head.out.shape[2:4]
    cell = torch.stack([assigned.x, assigned.y], dim=1)
    location = label[:, :2] * label.new_tensor([width, height]) - cell
    ratio = label[:, 2:] / head.own_anchors[assigned.anchor]
    return torch.cat(
        [location, torch.sqrt(ratio / 4) if head.layer.new_coords else torch.log(ratio)], 1
    )
