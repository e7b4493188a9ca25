"""The labels of a [region] head: some have a box, others only tell a class of a tree."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from darknet_py.layers.region import Region
from darknet_py.losses.head_loss import Targets
from darknet_py.losses.transfer import constant, sent

FAR = 100000
"""A label whose x and y are beyond has no box: it only tells a class of the tree."""


@dataclass(frozen=True)
class RegionLabels:
    """The labels of N images on the device, of which K have a box and M tell a class alone.

    boxes: (N, T, 4), all 0 where there is none, so that it overlaps nothing. unmapped: (N, T) the
    classes as they are written. image, y, x: (K,) the cells the boxes are in. own: (K, 4) the
    boxes, classes: (K,) theirs after map=. class_only: (N,) the images with a class-only label,
    only_image and only_class: (M,) those and their classes.
    """

    boxes: Tensor
    unmapped: Tensor
    image: Tensor
    y: Tensor
    x: Tensor
    own: Tensor
    classes: Tensor
    class_only: Tensor
    only_image: Tensor
    only_class: Tensor


def read_region_labels(layer: Region, targets: Targets, out: Tensor) -> RegionLabels:
    """Worked out on the host and sent to the device of the head's output (N, A, H, W, E)."""
    known = targets.valid & (targets.classes >= 0) & (targets.classes < layer.classes)
    far = (targets.boxes[..., :2] > FAR).all(dim=-1)
    with_class = known & far
    class_only = with_class.any(dim=1) & bool(layer.hierarchy)
    only_image = torch.nonzero(class_only)[:, 0]
    first = with_class.to(torch.int8).argmax(dim=1)
    if layer.class_map:
        known = known & (targets.classes < len(layer.class_map))
    valid = known & ~far & ~class_only[:, None]
    image, which = torch.nonzero(valid, as_tuple=True)
    own, classes = targets.boxes[image, which], targets.classes[image, which]
    if layer.class_map:
        classes = constant(layer.class_map, classes)[classes]
    parts = (
        torch.where(valid[..., None], targets.boxes, 0.0),
        torch.where(valid, targets.classes, 0),
        image,
        *_cell(out, own),
        own,
        classes,
        class_only,
        only_image,
        targets.classes[only_image, first[only_image]],
    )
    return RegionLabels(*sent(parts, out.device))


def _cell(out: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Row and column of the cells that (K, 4) boxes have their centres in."""
    height, width = out.shape[2:4]
    # A centre at exactly 1 belongs to the last cell; the C programs write past their array.
    y = (boxes[:, 1] * height).long().clamp(0, height - 1)
    return y, (boxes[:, 0] * width).long().clamp(0, width - 1)
